// The CertificateSigningRequest: somebody has a key and wants a certificate for it. Who asked is written down by the
// server; whether it is granted is said through `approval`, the certificate comes through `status`.
// Upstream: kubernetes/pkg/registry/certificates/certificates.

import { X509Certificate } from 'node:crypto'
import type { CertificateSigningRequest as Wire } from 'kubernetes-types/certificates/v1'
import { duplicatesAt, oneOf } from '../apimachinery/field-checks.ts'
import { pathSegmentProblems } from '../apimachinery/names.ts'
import { type FieldError, fieldError } from '../apimachinery/status-error.ts'
import {
  conditionErrors,
  conditionsOf,
  conditionUpdateErrors,
  keepDecisions,
  stampConditions,
} from './certificates/conditions.ts'
import { certificateRequestProblem } from './certificates/pkcs10.ts'
import { signerNameErrors } from './certificates/signer-name.ts'
import { ageColumn, defineKind, humanDuration, nameColumn } from './define-kind.ts'

const SHORTEST_SECONDS = 600
const USAGES = [
  'any',
  'cert sign',
  'client auth',
  'code signing',
  'content commitment',
  'crl sign',
  'data encipherment',
  'decipher only',
  'digital signature',
  'email protection',
  'encipher only',
  'ipsec end system',
  'ipsec tunnel',
  'ipsec user',
  'key agreement',
  'key encipherment',
  'microsoft sgc',
  'netscape sgc',
  'ocsp signing',
  's/mime',
  'server auth',
  'signing',
  'timestamping',
]

export const CertificateSigningRequest = defineKind<Wire>({
  group: 'certificates.k8s.io',
  version: 'v1',
  kind: 'CertificateSigningRequest',
  plural: 'certificatesigningrequests',
  shortNames: ['csr'],
  namespaced: false,
  subresources: ['status', 'approval'],
  strategy: {
    nameProblems: pathSegmentProblems,
    prepareForCreate(request, occasion) {
      if (request.spec && occasion) {
        const { name, uid, groups, extra } = occasion.user
        delete request.spec.uid
        delete request.spec.extra
        Object.assign(request.spec, {
          username: name,
          groups: [...groups],
          ...(uid ? { uid } : {}),
          ...(extra && Object.keys(extra).length > 0 ? { extra } : {}),
        })
      }
    },
    prepareForUpdate(next, previous) {
      next.spec = previous.spec
    },
    prepareForStatusUpdate(next, previous, { now }) {
      keepDecisions(next, previous)
      stampConditions(next, previous, now)
    },
    prepareForApproval(next, previous, { now }) {
      stampConditions(next, previous, now)
    },
    validate: (request) => [...requestErrors(request), ...conditionErrors(request)],
    validateUpdate: (next, previous, subresource) => [
      ...conditionUpdateErrors(next, previous, { mayApprove: subresource === 'approval' }),
      ...((next.status?.certificate ?? '') === (previous.status?.certificate ?? '')
        ? []
        : [fieldError.forbidden('status.certificate', 'updates may not set certificate content')]),
    ],
    validateStatusUpdate: (next, previous) => [
      ...requestErrors(next),
      ...conditionErrors(next),
      ...certificateErrors(next, previous),
      ...conditionUpdateErrors(next, previous, { mayApprove: false }),
      ...keptCertificateErrors(next, previous),
    ],
  },
  columns: [
    nameColumn,
    ageColumn,
    { name: 'SignerName', field: 'spec.signerName', value: ({ spec }) => spec?.signerName || '<none>' },
    { name: 'Requestor', field: 'spec.request', value: ({ spec }) => spec?.username ?? '' },
    {
      name: 'RequestedDuration',
      field: 'spec.expirationSeconds',
      value: ({ spec }) =>
        spec?.expirationSeconds === undefined ? '<none>' : humanDuration(spec.expirationSeconds * 1000),
    },
    { name: 'Condition', field: 'status.conditions', value: shownCondition },
  ],
  selectableFields: { 'spec.signerName': ({ spec }) => spec?.signerName ?? '' },
})

function requestErrors({ spec }: Wire): FieldError[] {
  const { request = '', usages = [], signerName, expirationSeconds } = spec ?? {}
  const problem = certificateRequestProblem(request)
  const errors = problem ? [fieldError.invalid('spec.request', request, problem)] : []
  if (usages.length === 0) errors.push(fieldError.required('spec.usages'))
  const field = (index: number) => `spec.usages[${index}]`
  errors.push(...usages.flatMap((usage, index) => oneOf(field(index), usage, USAGES)), ...duplicatesAt(field, usages))
  if (signerName === 'kubernetes.io/legacy-unknown') {
    const why = 'the legacy signerName is not allowed via this API version'
    errors.push(fieldError.invalid('spec.signerName', signerName, why))
  } else errors.push(...signerNameErrors('spec.signerName', signerName))
  if (expirationSeconds !== undefined && expirationSeconds < SHORTEST_SECONDS) {
    const why = 'may not specify a duration less than 600 seconds (10 minutes)'
    errors.push(fieldError.invalid('spec.expirationSeconds', expirationSeconds, why))
  }
  return errors
}

const CERTIFICATE = 'status.certificate'
const certificateOf = ({ status }: Wire) => status?.certificate ?? ''

function certificateErrors(next: Wire, previous: Wire): FieldError[] {
  const certificate = certificateOf(next)
  if (certificate === '' || certificate === certificateOf(previous)) return []
  const problem = certificateProblem(Buffer.from(certificate, 'base64').toString('latin1'))
  return problem ? [fieldError.invalid(CERTIFICATE, '<certificate data>', problem)] : []
}

const keptCertificateErrors = (next: Wire, previous: Wire): FieldError[] =>
  certificateOf(previous) === '' || certificateOf(next) === certificateOf(previous)
    ? []
    : [fieldError.forbidden(CERTIFICATE, 'updates may not modify existing certificate content')]

function certificateProblem(pem: string): string | undefined {
  const blocks = [...pem.matchAll(/-----BEGIN ([^-]+)-----([^-]*)-----END \1-----/g)]
  if (blocks.length === 0) return 'must contain at least one CERTIFICATE PEM block'
  for (const [block, type, body = ''] of blocks) {
    if (type !== 'CERTIFICATE') return `only CERTIFICATE PEM blocks are allowed, found ${JSON.stringify(type)}`
    if (body.includes(':')) return 'no PEM block headers are permitted'
    try {
      new X509Certificate(block)
    } catch (err) {
      return err instanceof Error ? err.message : String(err)
    }
  }
  return undefined
}

function shownCondition(request: Wire): string {
  const has = (type: string) => conditionsOf(request).some((condition) => condition.type === type)
  const words = [
    has('Denied') ? 'Denied' : has('Approved') ? 'Approved' : 'Pending',
    has('Failed') ? 'Failed' : '',
    request.status?.certificate ? 'Issued' : '',
  ]
  return words.filter(Boolean).join(',')
}

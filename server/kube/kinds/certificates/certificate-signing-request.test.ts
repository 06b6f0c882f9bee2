import type { CertificateSigningRequest as Wire } from 'kubernetes-types/certificates/v1'
import { describe, expect, it } from 'vitest'
import { CERTIFICATE_REQUEST } from '../../apiserver/testing/certificate-request.ts'
import { CertificateSigningRequest } from '../index.ts'
import { problems, row, updateProblems } from '../testing/kind-facts.ts'
import { parseCertificateRequest } from './pkcs10.ts'

const NOW = '2026-01-01T00:00:00Z'
const otter = { user: { name: 'otter', groups: ['class-a'] }, now: NOW, warn: () => undefined }
const request = (spec: object = {}, status?: object) =>
  ({
    spec: {
      request: CERTIFICATE_REQUEST,
      signerName: 'kubernetes.io/kube-apiserver-client',
      usages: ['client auth'],
      ...spec,
    },
    ...(status ? { status } : {}),
  }) as Wire
const decided = (...types: string[]) => ({ conditions: types.map((type) => ({ type, status: 'True' })) })

describe('a CertificateSigningRequest', () => {
  it('reads what openssl wrote', () => {
    expect(parseCertificateRequest(CERTIFICATE_REQUEST).subject).toBe('O=class-a, CN=otter')
  })

  it('says who asked, whatever was sent', () => {
    const object = request({ username: 'system:admin', groups: ['system:masters'], uid: 'x', extra: { a: ['b'] } })
    CertificateSigningRequest.strategy.prepareForCreate?.(object, otter)
    const { username, groups, uid, extra } = object.spec
    expect({ username, groups, uid, extra }).toEqual({
      username: 'otter',
      groups: ['class-a'],
      uid: undefined,
      extra: undefined,
    })
  })

  const forged = Buffer.from(CERTIFICATE_REQUEST, 'base64')
    .toString()
    .replace('MIHdMIGEAgEAMCIxEDAOBgNVBAoMB2NsYXNz', 'MIHdMIGEAgEAMCIxEDAOBgNVBAoMB2NsYXRz')
  it.each([
    [{}, []],
    [{ request: '' }, [expect.stringContaining('PEM block type must be CERTIFICATE REQUEST')]],
    [{ request: Buffer.from(forged).toString('base64') }, [expect.stringContaining('does not match its public key')]],
    [
      { usages: ['client auth', 'client auth', 'flying'], expirationSeconds: 60 },
      [
        expect.stringContaining('spec.usages[2]: Unsupported value: "flying": supported values: "any", "cert sign"'),
        'spec.usages[1]: Duplicate value: "client auth"',
        'spec.expirationSeconds: Invalid value: 60: may not specify a duration less than 600 seconds (10 minutes)',
      ],
    ],
    [
      { signerName: 'kubernetes.io/legacy-unknown' },
      [
        'spec.signerName: Invalid value: "kubernetes.io/legacy-unknown": the legacy signerName is not allowed via this API version',
      ],
    ],
    [
      { signerName: 'mine' },
      [
        'spec.signerName: Invalid value: "mine": must be a fully qualified domain and path of the form \'example.com/signer-name\'',
      ],
    ],
    [
      { signerName: 'a/b' },
      ['spec.signerName: Invalid value: "a": should be a domain with at least two segments separated by dots'],
    ],
  ])('is refused where it cannot work: %#', (spec, expected) => {
    expect(problems(CertificateSigningRequest, request(spec))).toEqual(expected)
  })

  it('is decided through approval only, and for good', () => {
    const { validateUpdate } = CertificateSigningRequest.strategy
    const through = (subresource: string | undefined, next: Wire, previous: Wire) =>
      (validateUpdate?.(next, previous, subresource) ?? []).map(({ message }) => message)
    const approved = request({}, decided('Approved'))
    expect(through('approval', approved, request())).toEqual([])
    expect(through(undefined, approved, request())).toEqual([
      'Forbidden: updates may not add a condition of type "Approved"',
    ])
    expect(through('approval', request(), approved)).toEqual([
      'Forbidden: updates may not remove a condition of type "Approved"',
    ])
    expect(problems(CertificateSigningRequest, request({}, decided('Approved', 'Denied')))).toEqual([
      'status.conditions[1].type: Invalid value: "Denied": Approved and Denied conditions are mutually exclusive',
    ])
  })

  it('takes no decision from whoever writes its status', () => {
    const next = request({}, { ...decided('Approved', 'Failed'), certificate: '' })
    CertificateSigningRequest.strategy.prepareForStatusUpdate?.(next, request(), otter)
    expect(next.status?.conditions).toEqual([
      { type: 'Failed', status: 'True', lastUpdateTime: NOW, lastTransitionTime: NOW },
    ])
    expect(updateProblems(CertificateSigningRequest, request(), request({}, { certificate: 'eA==' }))).toEqual([
      'status.certificate: Forbidden: updates may not set certificate content',
    ])
  })

  it.each([
    [undefined, 'Pending'],
    [decided('Approved'), 'Approved'],
    [{ ...decided('Approved'), certificate: 'x' }, 'Approved,Issued'],
    [decided('Denied'), 'Denied'],
    [decided('Approved', 'Failed'), 'Approved,Failed'],
  ])('is shown as kubectl shows it: %j', (status, condition) => {
    expect(row(CertificateSigningRequest, request({ expirationSeconds: 86_400 }, status))).toMatchObject({
      Condition: condition,
      RequestedDuration: '24h',
    })
  })
})

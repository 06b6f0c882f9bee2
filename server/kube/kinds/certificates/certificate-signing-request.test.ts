import 'reflect-metadata'
import { webcrypto } from 'node:crypto'
import { Pkcs10CertificateRequestGenerator } from '@peculiar/x509'
import type { CertificateSigningRequest as Wire } from 'kubernetes-types/certificates/v1'
import { describe, expect, it } from 'vitest'
import { CERTIFICATE_REQUEST } from '../../apiserver/testing/certificate-request.ts'
import { CertificateSigningRequest } from '../index.ts'
import { problems, row, statusProblems, updateProblems } from '../testing/kind-facts.ts'
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

  it.each([
    { name: 'RSASSA-PKCS1-v1_5', hash: 'SHA-256' },
    { name: 'RSA-PSS', hash: 'SHA-256', saltLength: 32 },
    { name: 'ECDSA', namedCurve: 'P-384', hash: 'SHA-384' },
    { name: 'Ed25519' },
  ])('is taken however it is signed: $name', async (algorithm) => {
    const size = { modulusLength: 2048, publicExponent: new Uint8Array([1, 0, 1]) }
    const keys = (await webcrypto.subtle.generateKey({ ...size, ...algorithm }, true, [
      'sign',
      'verify',
    ])) as unknown as CryptoKeyPair
    const asked = await Pkcs10CertificateRequestGenerator.create({ name: 'CN=a', keys, signingAlgorithm: algorithm })
    const told = Buffer.from(asked.toString('pem')).toString('base64')
    expect(problems(CertificateSigningRequest, request({ request: told }))).toEqual([])
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
    [
      { request: Buffer.from(forged).toString('base64') },
      [expect.stringMatching(/: x509: ECDSA verification failure$/)],
    ],
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
      'status.conditions: Invalid value: "Denied": Approved and Denied conditions are mutually exclusive',
    ])
  })

  it('keeps what was decided as it is, whoever writes its status', () => {
    const told = (when: string) => ({ lastUpdateTime: when, lastTransitionTime: when })
    const before = request({}, { conditions: [{ type: 'Approved', status: 'True', reason: 'A', ...told('before') }] })
    const next = request({}, decided('Failed', 'Approved'))
    CertificateSigningRequest.strategy.prepareForStatusUpdate?.(next, before, otter)
    expect(next.status?.conditions).toEqual([
      { type: 'Failed', status: 'True', ...told(NOW) },
      { type: 'Approved', status: 'True', reason: 'A', ...told('before') },
    ])
    expect(updateProblems(CertificateSigningRequest, request(), request({}, { certificate: 'eA==' }))).toEqual([
      'status.certificate: Forbidden: updates may not set certificate content',
    ])
  })

  const pem = (type: string, body: string) =>
    Buffer.from(`-----BEGIN ${type}-----\n${body}\n-----END ${type}-----\n`).toString('base64')
  const badly = (why: string) => `status.certificate: Invalid value: "<certificate data>": ${why}`
  it.each([
    [
      'decides',
      {},
      decided('Approved'),
      ['status.conditions: Forbidden: updates may not add a condition of type "Approved"'],
    ],
    [
      'takes back what was decided and what failed',
      decided('Denied', 'Failed'),
      {},
      [
        'status.conditions: Forbidden: updates may not remove a condition of type "Denied"',
        'status.conditions: Forbidden: updates may not remove a condition of type "Failed"',
      ],
    ],
    [
      'says one thing twice, and nothing of another',
      {},
      { conditions: [{ type: 'A', status: 'Maybe' }, { type: 'A', status: 'True' }, {}] },
      [
        'status.conditions[0].status: Unsupported value: "Maybe": supported values: "False", "True", "Unknown"',
        'status.conditions[1].type: Duplicate value: "A"',
        'status.conditions[2].type: Required value',
        'status.conditions[2].status: Required value',
      ],
    ],
    ['sends no certificate', {}, { certificate: 'eA==' }, [badly('must contain at least one CERTIFICATE PEM block')]],
    [
      'sends one with headers in the place of one that there is',
      { certificate: 'eA==' },
      { certificate: pem('CERTIFICATE', 'A: b\n\neA==') },
      [
        badly('no PEM block headers are permitted'),
        'status.certificate: Forbidden: updates may not modify existing certificate content',
      ],
    ],
  ])('is refused whose status %s', (_what, before, status, expected) => {
    const [next, previous] = [request({}, status), request({}, before)]
    expect(statusProblems(CertificateSigningRequest, previous, next)).toEqual(expected)
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

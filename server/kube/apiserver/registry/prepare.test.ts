import { expect, it } from 'vitest'
import type { AnyKind } from '../../kinds/define-kind.ts'
import { CertificateSigningRequest, Pod } from '../../kinds/index.ts'
import { prepareForApproval, warningsOfUpdate } from './prepare.ts'

it.each([
  { subresource: undefined, warnings: [] },
  {
    subresource: 'status',
    warnings: ['status.podIPs[0].ip: IPv6 address "::FF" should be in RFC 5952 canonical format ("::ff")'],
  },
  { subresource: 'resize', warnings: [] },
])('warns of a status when it is the status that changes: $subresource', ({ subresource, warnings }) => {
  const pod = { metadata: { name: 'a' }, spec: { containers: [] }, status: { podIPs: [{ ip: '::FF' }] } }
  expect(warningsOfUpdate(Pod as unknown as AnyKind, pod as never, pod as never, subresource)).toEqual(warnings)
})

it('takes the conditions of whoever approves as they are told, and nothing else', () => {
  const occasion = { user: { name: 'otter', groups: [] }, now: 'now', warn: () => undefined }
  const status = { certificate: 'eA==', conditions: [{ type: 'Approved', status: 'True' }] }
  const previous = { metadata: { name: 'a' }, spec: { signerName: 'a' }, status }
  const next = { metadata: { name: 'a' }, spec: { signerName: 'b' }, status: { certificate: 'eQ==' } }
  prepareForApproval(CertificateSigningRequest as unknown as AnyKind, next, previous, occasion)
  expect(next).toMatchObject({ spec: { signerName: 'a' }, status: { certificate: 'eA==', conditions: undefined } })
})

import { expect, it } from 'vitest'
import type { AnyKind } from '../../kinds/define-kind.ts'
import { Pod } from '../../kinds/index.ts'
import { warningsOfUpdate } from './prepare.ts'

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

import type { EndpointSubset } from 'kubernetes-types/core/v1'
import { expect, it } from 'vitest'
import { repackSubsets } from './repack-subsets.ts'

const a = { ip: '10.0.0.1' }
const b = { ip: '10.0.0.2' }
const [web, numbers] = [
  { name: 'web', port: 80, protocol: 'TCP' },
  { name: 'numbers', port: 9090, protocol: 'TCP' },
]

it.each<[what: string, given: EndpointSubset[], expected: EndpointSubset[]]>([
  ['nobody is nothing', [{ addresses: [], ports: [web] }], []],
  ['without ports', [{ notReadyAddresses: [b, a] }], [{ notReadyAddresses: [a, b] }]],
  ['once', [{ addresses: [a, a], ports: [web, web] }], [{ addresses: [a], ports: [web] }]],
  [
    'ports of the same addresses',
    [
      { addresses: [a], ports: [web] },
      { addresses: [a], ports: [numbers] },
    ],
    [{ addresses: [a], ports: [web, numbers] }],
  ],
  [
    'addresses of some of the ports',
    [
      { addresses: [a], ports: [web, numbers] },
      { addresses: [b], ports: [web] },
    ],
    [
      { addresses: [a], ports: [numbers] },
      { addresses: [a, b], ports: [web] },
    ],
  ],
  [
    'both ready and not is not ready',
    [
      { notReadyAddresses: [a], ports: [web] },
      { addresses: [a], ports: [web] },
    ],
    [{ notReadyAddresses: [a], ports: [web] }],
  ],
  [
    'one address of several',
    [{ addresses: [{ ...a, targetRef: { uid: 'x' } }, a], ports: [web] }],
    [{ addresses: [a, { ...a, targetRef: { uid: 'x' } }], ports: [web] }],
  ],
])('%s', (_what, given, expected) => {
  expect(repackSubsets(given)).toEqual(expected)
})

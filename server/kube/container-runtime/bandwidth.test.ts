import { expect, it } from 'vitest'
import { bandwidthOf } from './bandwidth.ts'

const IN = 'kubernetes.io/ingress-bandwidth'
const OUT = 'kubernetes.io/egress-bandwidth'

it('is nothing where no pod asks for it, and bits a second where one does', () => {
  expect(bandwidthOf({ note: '10M' })).toBeUndefined()
  expect(bandwidthOf({ [IN]: '10M' })).toEqual({ ingressRate: 10_000_000, ingressBurst: 4_294_967_295 })
  expect(bandwidthOf({ [OUT]: '1Mi', [IN]: '1k' })).toMatchObject({ ingressRate: 1000, egressRate: 1_048_576 })
})

it.each([
  { text: '999', says: 'resource is unreasonably small (< 1kbit)' },
  { text: '2P', says: 'resource is unreasonably large (> 1Pbit)' },
  { text: 'fast', says: /^quantities must match the regular expression/ },
])('refuses $text', ({ text, says }) => expect(() => bandwidthOf({ [OUT]: text })).toThrow(says))

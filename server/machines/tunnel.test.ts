import { expect, it } from 'vitest'
import { ADDRESSES_ELSEWHERE, addressesElsewhere, addressesOfSlot, overlaps } from './address-pool.ts'
import { numberOf, tunnelRules, vxlanLinksIn } from './tunnel.ts'

const one = { peer: '198.51.100.7', port: 14_901, address: '10.160.3.192' }
const two = { peer: '198.51.100.8', port: 14_017, address: '10.160.3.193' }
const JUMP = '-p udp --dport 14901 -m comment --comment podium.cluster=ada -j PODIUM-TUN-3'

it('hears at each port its other end, and nobody else', () => {
  expect(tunnelRules(3, 'ada', [one, two]).split('\n')).toEqual([
    '*filter',
    ':PODIUM-TUN-3 - [0:0]',
    '-A PODIUM-TUN-3 -s 198.51.100.7/32 -p udp --dport 14901 -j ACCEPT',
    '-A PODIUM-TUN-3 -s 198.51.100.8/32 -p udp --dport 14017 -j ACCEPT',
    '-A PODIUM-TUN-3 -j DROP',
    `-I INPUT 1 ${JUMP}`,
    `-I INPUT 1 ${JUMP.replace('14901', '14017')}`,
    'COMMIT',
    '',
  ])
})

it('takes away what was there, and its chain when nothing comes in its place', () => {
  const before = [`-A INPUT ${JUMP}`]
  expect(tunnelRules(3, 'ada', [], before).split('\n')).toEqual([
    '*filter',
    ':PODIUM-TUN-3 - [0:0]',
    `-D INPUT ${JUMP}`,
    '-X PODIUM-TUN-3',
    'COMMIT',
    '',
  ])
  expect(tunnelRules(3, 'ada', [two], before)).toContain(`\n-D INPUT ${JUMP}\n`)
})

it('finds no tunnel where the kernel does not know of any', () => {
  expect(vxlanLinksIn('[{},{},{}]\n')).toEqual([])
  expect(vxlanLinksIn('')).toEqual([])
  const link = { ifname: 'pdt-3-192', linkinfo: { info_data: { port: 14_901 } } }
  expect(vxlanLinksIn(JSON.stringify([{}, link]))).toEqual([link])
})

it('has a number on the wire that no other tunnel of its home has', () => {
  const addresses = [3, 4, 259].flatMap((slot) =>
    ADDRESSES_ELSEWHERE.map(addressesOfSlot('10.160.0.0/12', slot).address),
  )
  const numbers = addresses.map(numberOf)
  expect(new Set(numbers).size).toBe(96)
  for (const number of numbers) expect(number).toBeLessThan(2 ** 24)
})

it('ends at an address that nothing else at home has', () => {
  const { address, dynamicRange, loadBalancerRange, machineAddress } = addressesOfSlot('10.160.0.0/12', 3)
  const machines = Array.from({ length: 111 }, (_, ordinal) => machineAddress(ordinal))
  for (const end of ADDRESSES_ELSEWHERE.map(address)) {
    expect(machines).not.toContain(end)
    for (const range of [dynamicRange, loadBalancerRange]) expect(overlaps(range, end), `${range} ${end}`).toBe(false)
  }
})

it('has the addresses of its home and the uids of its host', () => {
  const [home, here] = [addressesOfSlot('10.160.0.0/12', 3), addressesOfSlot('10.208.0.0/12', 7)]
  const far = addressesElsewhere(home.gateway, 7)
  expect(far).toMatchObject({ slot: 7, subnet: home.subnet, gateway: home.gateway, uidBase: here.uidBase })
  expect(far.machineAddress(2)).toBe(home.machineAddress(2))
})

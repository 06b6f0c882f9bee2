// IPv6 beside IPv4, where no Service is in between; what Services do with it stands with each mode.

import { expect, it } from 'vitest'
import { until } from '../support/until.ts'
import type { PacketSeat } from './seat.ts'

export function twoFamilies({ run, ask, onMachine, nodeSix, ip, six }: PacketSeat): void {
  it('no packet of IPv6 between pods and nodes has another address put on it either', async () => {
    const heard = await ask(`tcp ${six('a')} 8080`, `tcp ${six('b')} 8080`, `udp ${six('b')} 8080`)
    expect(heard).toEqual([`a ${six('client')}`, `b ${six('client')}`, `b ${six('client')}`])
    expect(await onMachine('node-1', `curl -gs http://[${six('b')}]:8080`)).toBe(`b ${nodeSix('node-1')}`)
  })

  it('names have addresses of the families that their Service has, forwards and backwards', async () => {
    const addressesOf = async (name: string) =>
      (await run(`get service ${name} -o jsonpath={.spec.clusterIPs[*]}`)).split(' ')
    const all = await Promise.all(['web', 'six', 'both'].map(addressesOf))
    const heads = ['a', 'b'].flatMap((pod) => [ip(pod), six(pod)])
    const wanted = [...all, heads].map((addresses) => addresses.sort().join(' '))
    await until('headless ones have all pods', async () => (await ask('names heads'))[0] === wanted.at(-1))
    expect(await ask('names web', 'names six', 'names both', 'names heads')).toEqual(wanted)
    const back = (await addressesOf('both')).map((address) => `back ${address}`)
    expect(await ask(...back)).toEqual(back.map(() => 'both.default.svc.cluster.local'))
  })
}

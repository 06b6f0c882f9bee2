// Live connections in each mode of kube-proxy, of both families: those that are made, and those that a rule refuses.

import { expect, it } from 'vitest'
import type { SeenConnection } from '../../server/observe/network/network-push.ts'
import { until } from '../support/until.ts'
import { SeenConnections } from './seen-connections.ts'

export interface SeenSeat {
  readonly kubeconfig: string
  ask(...questions: string[]): Promise<string[]>
  six(pod: string): string
}

export function seenInMode(mode: string, seat: SeenSeat): void {
  it('is seen live, over IPv6 as well, and so is who is refused, with the kernel’s own line', async () => {
    using seen = await SeenConnections.open(seat.kubeconfig)
    const called = async (question: string, isIt: (connection: SeenConnection) => boolean) =>
      until(`${question} is seen`, async () => {
        await seat.ask(question)
        return seen.all.find((one) => one.from.pod?.name === 'client' && isIt(one))
      })
    const direct = await called('tcp six 80', ({ asked }) => asked.service?.name === 'six')
    expect(direct).toMatchObject({
      from: { ip: seat.six('client') },
      asked: { port: 80 },
      endpoint: { port: 8080, pod: { name: expect.stringMatching(/^[ab]$/) } },
    })
    const across = await called(`tcp ${seat.six('b')} 8080`, ({ asked }) => asked.ip === seat.six('b'))
    await until('both kernels told of it', async () => {
      // Nothing is rewritten on its way: either may have told of it first.
      return (
        seen.all
          .find(({ id }) => id === across.id)
          ?.machines.toSorted()
          .join() === 'node-1,node-2'
      )
    })
    for (const name of ['nobody', 'sixless']) {
      const refused = await called(`tcp ${name} 80`, ({ asked }) => asked.service?.name === name)
      expect(refused).toMatchObject({ end: { how: 'refused', by: { machine: 'node-1' } } })
      expect(refused.end?.by?.rule).toMatch(mode === 'iptables' ? /has no endpoints.* -j REJECT/ : /^reject\b/)
      expect(refused.end?.by?.why).toContain(`Service ${name} has no endpoints. It selects`)
    }
  })
}

// A machine that comes later, with nothing but a token.

import { expect, it } from 'vitest'
import { podium } from '../support/commands.ts'
import type { Seat } from './seat.ts'

export function joining(seat: () => Seat): void {
  it('takes in another machine by a token, and lets it go again', async () => {
    const { says, cluster } = seat()
    const command = (await podium('token', 'create', '--cluster', cluster, '--print-join-command')).trim()
    expect(command).toMatch(
      /^podium node join [\d.]+:\d+ --token \w{6}\.\w{16} --discovery-token-ca-cert-hash sha256:\w{64}$/,
    )
    expect(await podium('node', 'join', ...command.split(' ').slice(3))).toContain('node "node-3" has joined')
    const askers = (await says('get csr -o jsonpath={.items[*].spec.username}')).split(' ')
    expect(askers.filter((who) => who.startsWith('system:bootstrap:'))).toHaveLength(1)
    expect(askers.filter((who) => who === 'system:node:node-3')).toHaveLength(3)
    await says('cordon node-3')
    await says('uncordon node-3')
    await says('run guest --image=busybox --overrides={"spec":{"nodeName":"node-3"}} --restart=Never -- sleep 100000')
    await says('wait --for=condition=Ready pod/guest --timeout=60s')
    // The API server believes the kubelet's certificate.
    expect(await says('exec guest -- hostname')).toBe('guest\n')
    await says('drain node-3 --force --ignore-daemonsets --grace-period=1')
    expect(await podium('node', 'remove', 'node-3', '--cluster', cluster)).toContain('is gone')
    expect(await says('get nodes -o name')).not.toContain('node-3')
  })
}

// A machine that comes later, with nothing but a token, and goes again.

import { expect, it } from 'vitest'
import { podium, run } from '../support/commands.ts'
import { until } from '../support/until.ts'
import type { Seat } from './seat.ts'

const NODE = 'node-3'

export function joining(seat: () => Seat): void {
  it('takes in another machine by a token, lets it go again, and keeps nothing of it', async () => {
    const { says, cluster } = seat()
    const told = (await podium('token', 'create', '--cluster', cluster, '--print-join-command')).trim()
    expect(told).toMatch(
      /^podium node join [\d.]+:\d+ --token \w{6}\.\w{16} --discovery-token-ca-cert-hash sha256:\w{64}$/,
    )
    const command = told.split(' ').slice(1)
    const join = (replaced: RegExp, by: string) => podium(...command.map((word) => word.replace(replaced, by)))
    await expect(join(/^\w{6}(\.\w{16})$/, 'zzzzzz$1')).rejects.toThrow('token id "zzzzzz" is invalid for this cluster')
    await expect(join(/^sha256:.*/, `sha256:${'0'.repeat(64)}`)).rejects.toThrow(/public key sha256:\w{64} not pinned/)
    await expect(join(/^[\d.]+:\d+$/, '192.0.2.1:6443')).rejects.toThrow('for a cluster of another host')
    expect(await whatIsThere(cluster)).toEqual([])

    expect(await podium(...command)).toContain(`node "${NODE}" has joined`)
    const askers = (await says('get csr -o jsonpath={.items[*].spec.username}')).split(' ')
    expect(askers.filter((who) => who.startsWith('system:bootstrap:'))).toHaveLength(1)
    expect(askers.filter((who) => who === `system:node:${NODE}`)).toHaveLength(3)

    await says(`run guest --image=busybox --restart=Never --overrides={"spec":{"nodeName":"${NODE}"}} -- sleep 100000`)
    await says('wait --for=condition=Ready pod/guest --timeout=60s')
    // The API server believes the kubelet's certificate, and packets find their way to its pods.
    expect(await says('exec guest -- hostname')).toBe('guest\n')
    const guest = await says('get pod guest -o jsonpath={.status.podIP}')
    const ping = '{"spec":{"nodeName":"node-1"}}'
    expect(
      await says(`run caller --rm -i --restart=Never --image=busybox --overrides=${ping} -- ping -c1 -w60 ${guest}`),
    ).toContain('1 packets received')

    await says(`cordon ${NODE}`)
    expect(await says(`get node ${NODE}`)).toContain('Ready,SchedulingDisabled')
    await says(`uncordon ${NODE}`)
    expect(await says(`drain ${NODE} --force --ignore-daemonsets --grace-period=1`)).toContain('pod/guest evicted')
    expect(await podium('node', 'remove', NODE, '--cluster', cluster)).toContain('is gone')
    expect(await says('get nodes -o name')).not.toContain(NODE)
    expect(await whatIsThere(cluster)).toEqual([])
    await until('its lease has gone', async () => !(await says('get leases -A -o name')).includes(NODE))
    await expect(podium('node', 'remove', 'node-1', '--cluster', cluster)).rejects.toThrow('was made with the cluster')
    const [, token = ''] = / --token (\S+)/.exec(told) ?? []
    expect(await podium('token', 'list', '--cluster', cluster)).toContain(`${token}   23h`)
    const deleted = `bootstrap token "${token.slice(0, 6)}" deleted\n`
    expect(await podium('token', 'delete', token, '--cluster', cluster)).toBe(deleted)
    expect(await podium('token', 'list', '--cluster', cluster)).not.toContain(token)
  })
}

/** Of the machine, on its host. */
async function whatIsThere(cluster: string): Promise<string[]> {
  const filters = [`label=podium.cluster=${cluster}`, `label=podium.machine=${NODE}`].flatMap((one) => [
    '--filter',
    one,
  ])
  const containers = await run('docker', ['ps', '-a', '-q', ...filters])
  const mounts = await run('cat', ['/proc/self/mounts'])
  const disks = mounts.stdout.split('\n').filter((line) => line.includes(`/${cluster}/${NODE} `))
  return [...containers.stdout.split('\n').filter(Boolean), ...disks]
}

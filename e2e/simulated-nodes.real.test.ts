// What nodes without machines answer, to the kubectl that people have: what a kubelet knows, and that nothing runs there.

import { describe, expect, it } from 'vitest'
import { kubectl } from './support/commands.ts'
import { ownCluster } from './support/own-cluster.ts'
import { until } from './support/until.ts'

const cluster = ownCluster('e2e-hollow', '--simulated-nodes', '2')

describe.each(['1.36', '1.32', '1.20'] as const)('kubectl %s', (version) => {
  const kube = (args: string) => kubectl(version, cluster.kubeconfig)(args, { timeoutMs: 60_000 })
  const web = `web-${version.replace('.', '-')}`

  it('sees what a pod says, and follows it to its end, which comes on demand', async () => {
    await kube(`run ${web} --image=nginx:1.26 --restart=Never`)
    expect(await kube(`wait pod/${web} --for=condition=Ready --timeout=60s`)).toMatchObject({ code: 0 })
    expect(await kube(`logs ${web}`)).toMatchObject({ stdout: `container ${web} is simulated: it says nothing\n` })
    const following = kube(`logs -f ${web}`)
    const ran = await kube(`exec ${web} -- ls`)
    expect(ran.stdout).toContain('this container is simulated: there is nothing to run commands in')
    expect(ran.stderr).toContain('exit code 126')
    expect((await kube(`exec ${web} -- exit 3`)).stderr).toContain('exit code 3')
    expect(await following).toMatchObject({ code: 0, stdout: `container ${web} is simulated: it says nothing\n` })
    const status = '{.status.phase}:{.status.containerStatuses[0].state.terminated.exitCode}'
    await until(
      'its end is told',
      async () => (await kube(`get pod ${web} -o jsonpath=${status}`)).stdout === 'Failed:3',
    )
  })

  it('sees what the kubelet knows, and that nobody listens', async () => {
    const summary = JSON.parse((await kube('get --raw /api/v1/nodes/sim-1/proxy/stats/summary')).stdout)
    expect(summary.node.nodeName).toBe('sim-1')
    const refused = await kube('get --raw /api/v1/nodes/sim-1:22/proxy/')
    expect(refused.stderr).toContain('dial tcp 198.18.0.1:22: connect: connection refused')
  })
})

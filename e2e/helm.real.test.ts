// Helm, old and new, with a chart that has what charts have: definitions, hooks of every kind, a chart within the chart,
// what it looks up in the cluster. Helm 3 lays patches over objects, Helm 4 applies them on the server.

import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { kubectl, type Outcome, root, run, words } from './support/commands.ts'
import { ownCluster } from './support/own-cluster.ts'

const cluster = ownCluster('e2e-helm', '--simulated-nodes', '2')
const CHART = join(root, 'e2e', 'helm', 'shop')
const KINDS = 'all,configmap,secret,serviceaccount,role,rolebinding,ingress,poddisruptionbudget,greeting'
/** What a namespace has without anybody's doing. */
const ITS_OWN = ['configmap/kube-root-ca.crt', 'serviceaccount/default']

describe.skipIf(process.arch !== 'x64').each(['4.1', '3.17'])('helm %s', (version) => {
  const namespace = `shop-${version.replace('.', '-')}`

  const helm = (args: string): Promise<Outcome> =>
    run(join(root, '.cache', 'bin', `helm-${version}`), ['--kubeconfig', cluster.kubeconfig, ...words(args)], {
      env: { HOME: cluster.directory, HELM_NAMESPACE: namespace },
      timeoutMs: 120_000,
    })
  async function done(args: string): Promise<string> {
    const { code, stdout, stderr } = await helm(args)
    expect(code, `helm ${args}\n${stdout}${stderr}`).toBe(0)
    return stdout
  }
  async function kube(args: string): Promise<string> {
    const { code, stdout, stderr } = await kubectl('1.36', cluster.kubeconfig)(`-n ${namespace} ${args}`)
    expect(code, `kubectl ${args}\n${stdout}${stderr}`).toBe(0)
    return stdout.trim()
  }
  const password = () => kube('get secret s-password -o jsonpath={.data.password}')
  const history = async () =>
    (JSON.parse(await done('history s -o json')) as { status: string }[]).map(({ status }) => status)
  let first = ''

  it('installs, and waits until all is ready and its hooks have run', async () => {
    const told = await done(`install s ${CHART} --create-namespace --wait --timeout 60s`)
    expect(told).toMatch(/STATUS: deployed.*Say hello\./s)
    expect(await kube('get deployment,statefulset -o jsonpath={.items[*].status.readyReplicas}')).toBe('2 1')
    expect(await kube('get configmap s -o jsonpath={.data.scales}')).toBe('true')
    expect(await kube('get greeting s -o jsonpath={.spec.words}')).toBe('["hello"]')
    expect(await kube('get job -o name')).toBe('')
    first = await password()
    expect(await done('test s --timeout 60s')).toContain('Succeeded')
  })

  it('upgrades, with what it finds in the cluster, and leaves to others what is theirs', async () => {
    await kube('label service s mine=yes')
    await done(`upgrade s ${CHART} --set replicas=3,greeting=moin,cache.enabled=false --wait --timeout 60s`)
    expect(await kube('get deployment,statefulset -o jsonpath={.items[*].status.readyReplicas}')).toBe('3')
    expect(await kube('get greeting s -o jsonpath={.spec.words}')).toBe('["moin"]')
    expect(await kube('get service s -o jsonpath={.metadata.labels.mine}')).toBe('yes')
    expect(await password()).toBe(first)
  })

  it('stops where a hook fails, and goes back', async () => {
    const { code, stderr } = await helm(`upgrade s ${CHART} --set failBeforeUpgrade=true --wait --timeout 60s`)
    expect([code, stderr]).toEqual([1, expect.stringMatching(/pre-upgrade hooks failed: .*s-pre-upgrade/s)])
    expect(await history()).toEqual(['superseded', 'deployed', 'failed'])
    await done('rollback s 1 --wait --timeout 60s')
    expect(await history()).toEqual(['superseded', 'superseded', 'failed', 'deployed'])
    expect(await kube('get deployment,statefulset -o jsonpath={.items[*].status.readyReplicas}')).toBe('2 1')
  })

  it('takes over nothing that is not its own', async () => {
    await kube('create serviceaccount t')
    const { code, stderr } = await helm(`install t ${CHART}`)
    expect([code, stderr]).toEqual([
      1,
      expect.stringContaining(`ServiceAccount "t" in namespace "${namespace}" exists`),
    ])
    await kube('delete serviceaccount t')
  })

  it('takes everything away again but what is to be kept', async () => {
    await done('uninstall s --wait --timeout 60s')
    await kube('wait pod --all --for=delete --timeout=60s')
    const left = (await kube(`get ${KINDS} -o name`)).split('\n').filter((name) => !ITS_OWN.includes(name))
    expect(left).toEqual(['configmap/s-before', 'secret/s-password'])
  })
})

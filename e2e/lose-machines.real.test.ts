// Machines that die, or whose network is cut, in one way or both: what the cluster says of them, where their Pods are
// meanwhile, and that nothing of the old ones is left when they are back. All at once, since each takes most of a minute.

import type { EventList, Node, Pod, PodList } from 'kubernetes-types/core/v1'
import { afterAll, beforeAll, expect, it } from 'vitest'
import type { Machine } from '../server/kube/cluster/machine-provider.ts'
import { openTestDataCentre } from '../server/machines/test-data-centre.ts'
import { type Kubectl, kubectl } from './support/commands.ts'
import { onMachine } from './support/machine.ts'
import { ownCluster } from './support/own-cluster.ts'
import { until } from './support/until.ts'

const CLUSTER = 'e2e-lost-machines'
const cluster = ownCluster(CLUSTER, '--nodes', '5')
const LEFT = 'node-5'
let kube: Kubectl

/** What is done to each machine, and undone again; from the host, or on the machine, where the host's words still arrive. */
const losses: Record<
  string,
  { is: string; lose(machine: Machine): Promise<unknown>; mend(machine: Machine): Promise<unknown> }
> = {
  'node-1': { is: 'dead', lose: (machine) => machine.kill(), mend: (machine) => machine.start() },
  'node-2': { is: 'cut off', lose: (machine) => machine.link('down'), mend: (machine) => machine.link('up') },
  'node-3': { is: 'mute', ...rule('POSTROUTING -o eth0') },
  'node-4': { is: 'deaf', ...rule('PREROUTING -i eth0') },
}
const lost = Object.keys(losses)

function rule(where: string) {
  const say = (what: string) => (machine: Machine) =>
    onMachine(CLUSTER, machine.name, `iptables -t mangle ${what} ${where} -j DROP`)
  return { lose: say('-I'), mend: say('-D') }
}

beforeAll(async () => {
  kube = kubectl('1.36', cluster.kubeconfig)
}, 300_000)
afterAll(async () => {}, 120_000)

async function says(args: string, input?: string): Promise<string> {
  const { code, stdout, stderr } = await kube(args, { timeoutMs: 90_000, ...(input ? { input } : {}) })
  expect(code, `kubectl ${args}\n${stdout}${stderr}`).toBe(0)
  return stdout
}
const podsOf = async (app: string) => (JSON.parse(await says(`get pods -l app=${app} -o json`)) as PodList).items
const node = async (name: string) => JSON.parse(await says(`get node ${name} -o json`)) as Node
const readiness = ({ status }: Node | Pod) => status?.conditions?.find(({ type }) => type === 'Ready')
const isReady = (pod: Pod) => !pod.metadata?.deletionTimestamp && readiness(pod)?.status === 'True'
const taints = ({ spec }: Node) => (spec?.taints ?? []).map(({ key, effect }) => `${key}:${effect}`).sort()

/** The pods that containers run of on a machine, by the engine's own list. */
async function run(machine: string): Promise<string[]> {
  const names = await onMachine(
    CLUSTER,
    machine,
    `docker ps --format '{{.Label "io.kubernetes.pod.name"}}' --filter label=io.kubernetes.container.name=main`,
  )
  return names.split('\n').filter(Boolean).sort()
}

function template(app: string, affinity?: object) {
  return {
    metadata: { labels: { app } },
    spec: {
      terminationGracePeriodSeconds: 1,
      // Five minutes unless told; a test does not have them.
      tolerations: ['unreachable', 'not-ready'].map((taint) => ({
        key: `node.kubernetes.io/${taint}`,
        operator: 'Exists',
        effect: 'NoExecute',
        tolerationSeconds: 2,
      })),
      topologySpreadConstraints: [
        {
          maxSkew: 1,
          topologyKey: 'kubernetes.io/hostname',
          whenUnsatisfiable: 'ScheduleAnyway',
          labelSelector: { matchLabels: { app } },
        },
      ],
      ...(affinity && { affinity }),
      containers: [{ name: 'main', image: 'busybox', command: ['sleep', '100000'] }],
    },
  }
}

const PREFERS_NODE_2 = {
  nodeAffinity: {
    preferredDuringSchedulingIgnoredDuringExecution: [
      {
        weight: 100,
        preference: { matchExpressions: [{ key: 'kubernetes.io/hostname', operator: 'In', values: ['node-2'] }] },
      },
    ],
  },
}

it('replaces the pods of machines that are dead, cut off, mute or deaf, and has no old ones when they are back', async () => {
  // Of a zone most of which is lost, nobody is driven out; so each is one of its own.
  for (const name of [...lost, LEFT]) await says(`label node ${name} topology.kubernetes.io/zone=of-${name}`)
  const selector = (app: string) => ({ matchLabels: { app } })
  const workload = (kind: string, app: string, spec: object) => ({
    apiVersion: 'apps/v1',
    kind,
    metadata: { name: app },
    spec: { selector: selector(app), ...spec },
  })
  const items = [
    workload('Deployment', 'web', { replicas: 10, template: template('web') }),
    workload('StatefulSet', 'one', { replicas: 1, serviceName: 'one', template: template('one', PREFERS_NODE_2) }),
  ]
  await says('apply -f -', JSON.stringify({ apiVersion: 'v1', kind: 'List', items }))
  const before = await until('all run', async () => {
    const pods = await podsOf('web')
    return pods.length === 10 && pods.every(isReady) && pods
  })
  for (const name of [...lost, LEFT])
    expect(before.filter(({ spec }) => spec?.nodeName === name).length, `pods on ${name}`).toBeGreaterThan(0)
  const [only] = await until('the set’s pod runs', async () => {
    const pods = await podsOf('one')
    return pods.every(isReady) && pods
  })
  expect(only?.spec?.nodeName).toBe('node-2')

  await using dataCentre = await openTestDataCentre()
  const machines = new Map((await dataCentre.listMachines(CLUSTER)).map((machine) => [machine.name, machine]))
  const runBefore = new Map<string, string[]>()
  for (const name of lost) runBefore.set(name, await run(name))
  await Promise.all(lost.map((name) => losses[name]!.lose(machines.get(name)!)))

  for (const name of lost) {
    const told = await until(
      `${name}, ${losses[name]!.is}, is not heard of`,
      async () => {
        const seen = await node(name)
        return taints(seen).length === 2 && seen
      },
      120_000,
    )
    expect(readiness(told)).toMatchObject({
      status: 'Unknown',
      reason: 'NodeStatusUnknown',
      message: 'Kubelet stopped posting node status.',
    })
    expect(taints(told)).toEqual([
      'node.kubernetes.io/unreachable:NoExecute',
      'node.kubernetes.io/unreachable:NoSchedule',
    ])
  }
  const after = await until(
    'ten others run on the machine that is left',
    async () => {
      const pods = await podsOf('web')
      return pods.filter((pod) => isReady(pod) && pod.spec?.nodeName === LEFT).length === 10 && pods
    },
    120_000,
  )
  const nameOf = ({ metadata }: Pod) => metadata?.name ?? ''
  const stranded = after.filter(({ spec }) => spec?.nodeName !== LEFT)
  // Nobody can say that they have ended: they stay, as they are being deleted. So do replacements that were put on a
  // machine of which the cluster did not know yet.
  const strandedBefore = before.filter(({ spec }) => spec?.nodeName !== LEFT)
  expect(stranded.map(nameOf)).toEqual(expect.arrayContaining(strandedBefore.map(nameOf)))
  expect(stranded.every(({ metadata }) => metadata?.deletionTimestamp)).toBe(true)
  // A set has never two of one name, so it waits.
  expect(await podsOf('one')).toMatchObject([{ metadata: { uid: only?.metadata?.uid }, spec: { nodeName: 'node-2' } }])
  for (const name of lost.filter((other) => losses[other]!.is !== 'dead'))
    expect(await run(name), `what runs on ${name}, which knows of nothing`).toEqual(runBefore.get(name))
  const events = JSON.parse(await says('get events --field-selector reason=NodeNotReady -o json')) as EventList
  expect(events.items.map(({ involvedObject }) => involvedObject.name)).toEqual(
    expect.arrayContaining([...lost, ...strandedBefore.map(nameOf)]),
  )

  await Promise.all(lost.map((name) => losses[name]!.mend(machines.get(name)!)))
  for (const name of lost) {
    await until(
      `${name} is back`,
      async () => {
        const seen = await node(name)
        return readiness(seen)?.status === 'True' && taints(seen).length === 0
      },
      120_000,
    )
  }
  const ended = await until(
    'the old ones are gone',
    async () => {
      const pods = await podsOf('web')
      return pods.length === 10 && pods
    },
    120_000,
  )
  expect(ended.every((pod) => isReady(pod) && pod.spec?.nodeName === LEFT)).toBe(true)
  expect(ended.flatMap(({ status }) => status?.containerStatuses?.map(({ restartCount }) => restartCount))).toEqual(
    Array(10).fill(0),
  )
  const [anew] = await until('the set has its pod again', async () => {
    const pods = await podsOf('one')
    return pods.length === 1 && pods.every(isReady) && pods
  })
  expect(anew?.metadata?.uid).not.toBe(only?.metadata?.uid)
  for (const name of lost) {
    expect(await run(name), `what runs on ${name}`).toEqual(anew?.spec?.nodeName === name ? ['one-0'] : [])
    expect(await says(`get --raw /api/v1/nodes/${name}/proxy/healthz`)).toBe('ok')
  }
}, 420_000)

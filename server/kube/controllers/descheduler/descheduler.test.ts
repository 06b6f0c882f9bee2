import type { Node as CoreNode, Pod as CorePod } from 'kubernetes-types/core/v1'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { startTestServer } from '../../apiserver/testing/test-server.ts'
import { Event } from '../../kinds/event.ts'
import { Node } from '../../kinds/node.ts'
import { PodDisruptionBudget } from '../../kinds/pod-disruption-budget.ts'
import { ReplicaSet } from '../../kinds/replica-set.ts'
import { runScheduler } from '../../scheduler/index.ts'
import { startTestLoops, type TestLoops } from '../testing/test-loops.ts'
import { isEvictable } from './evictable.ts'
import { lowNodeUtilization as lowUtilizationOf } from './low-node-utilization.ts'
import {
  violatesNodeAffinity as affinityOf,
  violatesInterPodAntiAffinity as antiAffinityOf,
  violatesNodeTaints as taintsOf,
} from './misplaced.ts'
import { DEFAULT_POLICY, readDeschedulerPolicy } from './policy.ts'
import { duplicates as duplicatesOf, violatesTopologySpread as spreadOf } from './unbalanced.ts'
import type { Strategy, World } from './world.ts'

const told = DEFAULT_POLICY.profiles[0]!.pluginConfig
const mayGo = (what: CorePod) => isEvictable(what, told.DefaultEvictor)
const violatesNodeAffinity = affinityOf()
const violatesNodeTaints = taintsOf(told.RemovePodsViolatingNodeTaints)
const violatesInterPodAntiAffinity = antiAffinityOf()
const duplicates = duplicatesOf(told.RemoveDuplicates)
const violatesTopologySpread = spreadOf(told.RemovePodsViolatingTopologySpreadConstraint)
const lowNodeUtilization = lowUtilizationOf(told.LowNodeUtilization, mayGo)

const OWNER = { apiVersion: 'apps/v1', kind: 'ReplicaSet', name: 'web', uid: 'web', controller: true }

const pod = (
  name: string,
  spec: Partial<CorePod['spec']> = {},
  metadata: Partial<CorePod['metadata']> = {},
): CorePod => ({
  metadata: { name, namespace: 'default', labels: { app: 'web' }, ownerReferences: [OWNER], ...metadata },
  spec: { containers: [{ name: 'c' }], ...spec },
})
const asking = (name: string, cpu: string, priority = 0) =>
  pod(name, { priority, containers: [{ name: 'c', resources: { requests: { cpu } } }] })
const node = (name: string, spec: CoreNode['spec'] = {}, labels: Record<string, string> = {}): CoreNode => ({
  metadata: { name, labels: { zone: name, ...labels } },
  spec,
  status: {
    allocatable: { cpu: '10', memory: '10Gi', pods: '10' },
    conditions: [{ type: 'Ready', status: 'True' }],
  },
})
const world = (...places: [CoreNode, ...CorePod[]][]): World => ({
  namespaceLabels: () => ({}),
  places: places.map(([here, ...pods]) => ({
    node: here,
    pods: pods.map((one) => ({ ...one, spec: { ...one.spec!, nodeName: here.metadata?.name ?? '' } })),
  })),
})

const wants = (label: string): Partial<CorePod['spec']> => ({
  affinity: {
    nodeAffinity: {
      requiredDuringSchedulingIgnoredDuringExecution: {
        nodeSelectorTerms: [{ matchExpressions: [{ key: label, operator: 'Exists' }] }],
      },
    },
  },
})
const labelSelector = { matchLabels: { app: 'web' } }
const apart: Partial<CorePod['spec']> = {
  affinity: {
    podAntiAffinity: { requiredDuringSchedulingIgnoredDuringExecution: [{ topologyKey: 'zone', labelSelector }] },
  },
}
const spread: Partial<CorePod['spec']> = {
  topologySpreadConstraints: [{ topologyKey: 'zone', maxSkew: 1, whenUnsatisfiable: 'DoNotSchedule', labelSelector }],
}
const gpu = { taints: [{ key: 'gpu', effect: 'NoSchedule' }] }
const [a, b, c] = [node('a'), node('b'), node('c')]

it.each<[string, Strategy, World, string[]]>([
  [
    'a pod whose node has lost a label',
    violatesNodeAffinity,
    world([a, pod('x', wants('ssd'))], [node('b', {}, { ssd: '' })]),
    ['x'],
  ],
  ['not one that would fit nowhere else', violatesNodeAffinity, world([a, pod('x', wants('ssd'))], [b]), []],
  [
    'a pod that does not tolerate what its node is tainted with now',
    violatesNodeTaints,
    world([node('a', gpu), pod('x'), pod('y', { tolerations: [{ key: 'gpu', operator: 'Exists' }] })]),
    ['x'],
  ],
  [
    'the less important of two that must be apart',
    violatesInterPodAntiAffinity,
    world([a, pod('x', { ...apart, priority: 5 }), pod('y')], [b, pod('z', apart)]),
    ['y'],
  ],
  ['what is more than a fair share', duplicates, world([a, pod('x'), pod('y'), pod('z')], [b]), ['x']],
  ['not what is a fair share', duplicates, world([a, pod('x'), pod('y')], [b, pod('z')]), []],
  ['nothing where pods can be on one node only', duplicates, world([a, pod('x'), pod('y')], [node('b', gpu)]), []],
  [
    'as many as it takes to spread them',
    violatesTopologySpread,
    world([a, pod('1', spread), pod('2', spread), pod('3', spread), pod('4', spread)], [b, pod('5', spread)], [c]),
    ['1', '2'],
  ],
  [
    'not what is spread as asked',
    violatesTopologySpread,
    world([a, pod('1', spread), pod('2', spread)], [b, pod('3', spread)]),
    [],
  ],
  [
    'the least important from a full node, until it is not, where another is nearly empty',
    lowNodeUtilization,
    world([a, asking('x', '2', 9), asking('y', '2', 1), asking('z', '3', 5)], [b]),
    ['y'],
  ],
  [
    'nothing where no node is nearly empty',
    lowNodeUtilization,
    world([a, asking('x', '7')], [b, asking('y', '3')]),
    [],
  ],
  [
    'what stands above other thresholds',
    lowUtilizationOf({ ...told.LowNodeUtilization, targetThresholds: { cpu: 80 }, thresholds: { cpu: 20 } }, mayGo),
    world([a, asking('x', '7'), asking('y', '1', 2), asking('z', '1', 1)], [b]),
    ['x'],
  ],
  [
    'nothing while too few nodes are nearly empty',
    lowUtilizationOf({ ...told.LowNodeUtilization, numberOfNodes: 2 }, mayGo),
    world([a, asking('x', '2'), asking('y', '4')], [b]),
    [],
  ],
  [
    'taints that only ask, where that is wanted, and not those that are left out',
    taintsOf({ includePreferNoSchedule: true, excludedTaints: ['old=yes'] }),
    world(
      [node('a', { taints: [{ key: 'slow', effect: 'PreferNoSchedule' }] }), pod('x')],
      [node('b', { taints: [{ key: 'old', value: 'yes', effect: 'NoSchedule' }] }), pod('y')],
    ),
    ['x'],
  ],
  [
    'no duplicates of owners of a kind that is left out',
    duplicatesOf({ excludeOwnerKinds: ['ReplicaSet'] }),
    world([a, pod('x'), pod('y'), pod('z')], [b]),
    [],
  ],
  ['nothing that the empty one could not take', lowNodeUtilization, world([a, asking('x', '6')], [b]), []],
])('finds %s', (_, strategy, here, names) => {
  expect(strategy(here).map(({ metadata }) => metadata?.name)).toEqual(names)
})

it.each<[string, CorePod, boolean]>([
  ['a pod that a loop will make anew', pod('x'), true],
  ['no pod that nobody will', pod('x', {}, { ownerReferences: [] }), false],
  ['no pod of a DaemonSet', pod('x', {}, { ownerReferences: [{ ...OWNER, kind: 'DaemonSet' }] }), false],
  ['no pod of the system', pod('x', { priority: 2_000_001_000 }), false],
  ['no pod with data of its own on the node', pod('x', { volumes: [{ name: 'v', emptyDir: {} }] }), false],
  [
    'one that says it may go',
    pod('x', {}, { ownerReferences: [], annotations: { 'descheduler.alpha.kubernetes.io/evict': 'true' } }),
    true,
  ],
])('lets go %s', (_, what, may) => {
  expect(mayGo(what)).toBe(may)
})

describe('the loop', () => {
  let loops: TestLoops
  beforeAll(async () => {
    loops = await startTestLoops({ startTestServer, runScheduler })
  })
  afterAll(() => loops[Symbol.asyncDispose]())

  it('sends pods away from a node that was tainted, but no more than a budget allows', async () => {
    const labels = { app: 'web' }
    const template = { metadata: { labels }, spec: { containers: [{ name: 'c', image: 'web:1' }] } }
    await loops.addNode('node-1')
    // Everything runs but the descheduler, which is off by default.
    const others = await loops.run()
    await loops.client.of(PodDisruptionBudget).create({
      metadata: { name: 'web', namespace: 'default' },
      spec: { minAvailable: 2, selector: { matchLabels: labels } },
    })
    await loops.client.of(ReplicaSet).create({
      metadata: { name: 'web', namespace: 'default' },
      spec: { replicas: 3, selector: { matchLabels: labels }, template },
    })
    expect(others.loops.some(({ client }) => client.includes('descheduler'))).toBe(false)
    const budget = () => loops.client.of(PodDisruptionBudget).get({ namespace: 'default', name: 'web' })
    await loops.until('one may go', async () => (await budget()).status?.disruptionsAllowed === 1)
    await loops.client.of(Node).patch({ name: 'node-1' }, 'application/merge-patch+json', {
      spec: { taints: [{ key: 'gpu', effect: 'NoSchedule' }] },
    })
    await loops.addNode('node-2')
    const events = async () =>
      (await loops.client.of(Event).list({ namespace: 'default' })).items.filter(
        ({ reason }) => reason === 'RemovePodsViolatingNodeTaints',
      )
    const deschedulerPolicy = readDeschedulerPolicy(
      `apiVersion: descheduler/v1alpha2
kind: DeschedulerPolicy
maxNoOfPodsToEvictTotal: 5
profiles:
- name: only
  pluginConfig: [{name: RemovePodsViolatingNodeTaints, args: {namespaces: {exclude: [kube-system]}}}]
  plugins: {deschedule: {enabled: [RemovePodsViolatingNodeTaints]}}
`,
      'policy.yaml',
    )
    await loops.run(['descheduler'], { controllers: 'descheduler', deschedulerPolicy })
    await loops.until('a turn', () => loops.reconciles('descheduler').length > 0)
    const [turn] = loops.reconciles('descheduler')
    expect(turn?.did.filter((did) => did.startsWith('evicted'))).toHaveLength(1)
    expect(turn?.did.filter((did) => did.includes('which a budget protects'))).toHaveLength(2)
    // It is made anew where it is welcome; there is another turn in five minutes.
    const moved = async () => (await loops.pods()).filter(({ spec }) => spec?.nodeName === 'node-2')
    await loops.until('moved', async () => (await moved()).length === 1)
    expect(turn?.outcome).toBe('requeue')
    await loops.until('told', async () => (await events()).length === 1)
    expect((await events())[0]?.message).toBe('Pod evicted from node node-1 by the descheduler')
  })
})

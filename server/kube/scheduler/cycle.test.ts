import type { Pod } from 'kubernetes-types/core/v1'
import { expect, it } from 'vitest'
import type { Volume } from '../kinds/pod-template/newer-fields.ts'
import { enoughNodes } from './cycle.ts'
import { asking, GI, node, pluginsOf, pod, run, world } from './testing/pods-and-nodes.ts'

const onPort = (hostPort: number) => pod({ containers: [{ name: 'c', ports: [{ containerPort: 80, hostPort }] }] })
const required = (key: string, operator: string, values?: string[]): Partial<NonNullable<Pod['spec']>> => ({
  affinity: {
    nodeAffinity: {
      requiredDuringSchedulingIgnoredDuringExecution: {
        nodeSelectorTerms: [{ matchExpressions: [{ key, operator, ...(values ? { values } : {}) }] }],
      },
    },
  },
})
const spread = (topologyKey: string, more = {}, labels = {}) =>
  pod(
    {
      topologySpreadConstraints: [
        {
          topologyKey,
          maxSkew: 1,
          whenUnsatisfiable: 'DoNotSchedule',
          labelSelector: { matchLabels: { app: 'web' } },
          ...more,
        },
      ],
    },
    { app: 'web', ...labels },
  )
const web = (labels = {}) => pod({}, { app: 'web', ...labels })

const CONTAINER = { name: 'c', image: '', imageID: '', ready: true, restartCount: 0 }

const helpless = (count: number) =>
  `no new claims to deallocate, preemption: 0/${count} nodes are available: ${count} Preemption is not helpful for scheduling.`

it.each([
  { name: 'no nodes', pod: pod(), nodes: [], message: 'no nodes available to schedule pods' },
  {
    name: 'a taint',
    pod: pod(),
    nodes: [node('a', { spec: { taints: [{ key: 'gpu', value: 'yes', effect: 'NoSchedule' }] } })],
    message: `0/1 nodes are available: 1 node(s) had untolerated taint(s). ${helpless(1)}`,
  },
  {
    name: 'reasons counted and sorted',
    pod: asking('3'),
    nodes: [
      node('a', { spec: { unschedulable: true } }),
      node('b', { on: [asking('2')] }),
      node('c', { on: [asking('2')] }),
    ],
    message:
      '0/3 nodes are available: 1 node(s) were unschedulable, 2 Insufficient cpu. no new claims to deallocate, ' +
      'preemption: 0/3 nodes are available: 1 Preemption is not helpful for scheduling, 2 No preemption victims found for incoming pod.',
  },
  {
    name: 'more than the node has',
    pod: asking('9', '16Gi'),
    nodes: [node('a')],
    message: `0/1 nodes are available: 1 Insufficient cpu, 1 Insufficient memory. ${helpless(1)}`,
  },
  {
    name: 'too many pods',
    pod: pod(),
    nodes: [node('a', { pods: '1', on: [pod()] })],
    message:
      '0/1 nodes are available: 1 Too many pods. no new claims to deallocate, preemption: 0/1 nodes are available: 1 No preemption victims found for incoming pod.',
  },
  {
    name: 'a node selector',
    pod: pod({ nodeSelector: { disk: 'ssd' } }),
    nodes: [node('a')],
    message: `0/1 nodes are available: 1 node(s) didn't match Pod's node affinity/selector. ${helpless(1)}`,
  },
  {
    name: 'a host port',
    pod: onPort(8080),
    nodes: [node('a', { on: [onPort(8080)] })],
    message:
      "0/1 nodes are available: 1 node(s) didn't have free ports for the requested pod ports. no new claims to deallocate, " +
      'preemption: 0/1 nodes are available: 1 No preemption victims found for incoming pod.',
  },
])('says why it fits nowhere: $name', ({ pod: what, nodes, message }) => {
  expect(run(what, nodes).message).toBe(message)
})

it.each([
  {
    name: 'the empty node before the full one',
    pod: asking('1'),
    nodes: [node('a', { on: [asking('3')] }), node('b')],
    chosen: 'b',
  },
  {
    name: 'a pod that asks for nothing still takes room',
    pod: pod(),
    nodes: [node('a', { on: [pod(), pod(), pod()] }), node('b')],
    chosen: 'b',
  },
  {
    name: 'the lopsided node, which it evens out, before the balanced one',
    pod: asking('1', `${2 * GI}`),
    nodes: [
      node('a', { cpu: '8', memory: '8Gi', on: [asking('5', '0')] }),
      node('b', { cpu: '8', memory: '8Gi', on: [asking('2', `${3 * GI}`)] }),
    ],
    chosen: 'a',
  },
  {
    name: 'a tolerated taint is no obstacle',
    pod: pod({ tolerations: [{ key: 'gpu', operator: 'Exists' }] }),
    nodes: [node('a', { spec: { taints: [{ key: 'gpu', effect: 'NoSchedule' }] } })],
    chosen: 'a',
  },
  {
    name: 'a node that would rather not comes last',
    pod: pod(),
    nodes: [
      node('a', { spec: { taints: [{ key: 'old', effect: 'PreferNoSchedule' }] } }),
      node('b', { on: [asking('1')] }),
    ],
    chosen: 'b',
  },
  {
    name: 'required affinity',
    pod: pod(required('cores', 'Gt', ['4'])),
    nodes: [node('a', { labels: { cores: '4' } }), node('b', { labels: { cores: '16' } })],
    chosen: 'b',
  },
  {
    name: 'preferred affinity outweighs room',
    pod: pod({
      affinity: {
        nodeAffinity: {
          preferredDuringSchedulingIgnoredDuringExecution: [
            { weight: 1, preference: { matchExpressions: [{ key: 'disk', operator: 'In', values: ['ssd'] }] } },
          ],
        },
      },
    }),
    nodes: [node('a', { labels: { disk: 'ssd' }, on: [asking('1')] }), node('b')],
    chosen: 'a',
  },
  {
    name: 'default spreading looks at the pods of the same owner',
    pod: pod({}, { spread: 'yes' }),
    nodes: [node('a', { on: [pod({}, { spread: 'yes' })] }), node('b', { on: [asking('600m')] })],
    chosen: 'b',
  },
  {
    name: 'hard spreading over zones',
    pod: spread('zone'),
    nodes: [node('a', { labels: { zone: 'x' }, on: [web()] }), node('b', { labels: { zone: 'y' }, on: [asking('3')] })],
    chosen: 'b',
  },
  {
    name: 'soft spreading over zones, with the pods of nodes that are full',
    pod: spread('zone', { whenUnsatisfiable: 'ScheduleAnyway' }),
    nodes: [
      node('a', { labels: { zone: 'x' } }),
      node('full', { labels: { zone: 'x' }, pods: '2', on: [web(), web()] }),
      node('b', { labels: { zone: 'y' }, on: [web(), asking('600m')] }),
    ],
    chosen: 'b',
  },
  {
    name: 'the node that has the image',
    pod: pod({ containers: [{ name: 'c', image: 'registry/big' }] }),
    nodes: [node('a'), node('b', { images: { 'registry/big:latest': 800 * 2 ** 20 } })],
    chosen: 'b',
  },
  {
    name: 'the node that has the image that is mounted',
    pod: pod({ volumes: [{ name: 'model', image: { reference: 'registry/big' } } as Volume] }),
    nodes: [node('a'), node('b', { images: { 'registry/big:latest': 800 * 2 ** 20 } })],
    chosen: 'b',
  },
  {
    name: 'soft spreading among those with the same labels as it has now',
    pod: spread('zone', { whenUnsatisfiable: 'ScheduleAnyway', matchLabelKeys: ['rev'] }, { rev: '2' }),
    nodes: [
      node('a', { labels: { zone: 'x' }, on: [web({ rev: '1' }), web({ rev: '1' })] }),
      node('b', { labels: { zone: 'y' }, on: [web({ rev: '2' })] }),
    ],
    chosen: 'a',
  },
  {
    name: 'a cordoned node is for those who tolerate it',
    pod: pod({ tolerations: [{ key: 'node.kubernetes.io/unschedulable', operator: 'Exists', effect: 'NoSchedule' }] }),
    nodes: [node('a', { spec: { unschedulable: true } })],
    chosen: 'a',
  },
  {
    name: 'the same host port of another protocol is free',
    pod: onPort(53),
    nodes: [
      node('a', {
        on: [pod({ containers: [{ name: 'c', ports: [{ containerPort: 53, hostPort: 53, protocol: 'UDP' }] }] })],
      }),
    ],
    chosen: 'a',
  },
])('chooses $name', ({ pod: what, nodes, chosen }) => {
  expect(run(what, nodes).chosen).toBe(chosen)
  expect(run(what, [...nodes].reverse()).chosen).toBe(chosen)
})

it('spreading refuses the fuller topology, and nodes without the label for good', () => {
  const nodes = [
    node('a', { labels: { zone: 'x' }, on: [web(), web()] }),
    node('b', { labels: { zone: 'y' }, spec: { unschedulable: true } }),
    node('c'),
  ]
  const { rejections } = run(spread('zone'), nodes)
  expect(rejections.get('a')).toMatchObject({
    plugin: 'PodTopologySpread',
    reasons: ["node(s) didn't match pod topology spread constraints"],
    unresolvable: false,
  })
  expect(rejections.get('c')).toMatchObject({
    reasons: ["node(s) didn't match pod topology spread constraints (missing required label)"],
    unresolvable: true,
  })
})

it('counts the largest init container, not the sum of all', () => {
  const initContainers = ['1500m', '3'].map((cpu, index) => ({ name: `i${index}`, resources: { requests: { cpu } } }))
  const what = pod({ initContainers, containers: [{ name: 'c', resources: { requests: { cpu: '1' } } }] })
  expect(run(what, [node('a', { cpu: '3' })]).chosen).toBe('a')
  expect(run(what, [node('a', { cpu: '2900m' })]).chosen).toBeUndefined()
})

it.each([
  ['the wish while it is larger than the grant', '2', { cpu: '1' }, undefined, 2000],
  ['the grant while it is larger than the wish', '1', { cpu: '2' }, undefined, 2000],
  ['the grant alone when the wish can never be granted', '9', { cpu: '2' }, 'Infeasible', 2000],
  ['the wish that is put off', '3', { cpu: '2' }, 'Deferred', 3000],
])('counts of a pod that is resized %s', (_, wish, granted, reason, counted) => {
  const resized: Pod = {
    ...asking(wish),
    status: {
      containerStatuses: [{ ...CONTAINER, allocatedResources: granted, resources: { requests: { cpu: '500m' } } }],
      conditions: reason ? [{ type: 'PodResizePending', status: 'True', reason }] : [],
    },
  }
  expect(node('a', { on: [resized] }).requested.get('cpu')).toBe(counted)
})

it('counts what is told of a pod as a whole in place of its containers, and its overhead on top', () => {
  const whole = asking('1', '1Gi', { overhead: { cpu: '250m' } })
  const spec = { ...whole.spec, resources: { requests: { cpu: '3' } } }
  const { requested } = node('a', { on: [{ ...whole, spec } as Pod] })
  expect([requested.get('cpu'), requested.get('memory')]).toEqual([3250, GI])
})

it('looks for the pod of a DaemonSet at its own node only', () => {
  const terms = [{ matchFields: [{ key: 'metadata.name', operator: 'In', values: ['b'] }] }]
  const affinity = { nodeAffinity: { requiredDuringSchedulingIgnoredDuringExecution: { nodeSelectorTerms: terms } } }
  const found = run(asking('1', '0', { affinity }), [node('a'), node('b'), node('c')])
  expect(found).toMatchObject({ chosen: 'b', looked: 1 })
  const full = run(asking('9', '0', { affinity }), [node('a'), node('b'), node('c')])
  expect(full.message).toMatch(
    /^0\/3 nodes are available: 1 Insufficient cpu, 2 node\(s\) didn't satisfy plugin\(s\) \[NodeAffinity\]\. /,
  )
})

it('promises no node any longer where no plug-in makes room', () => {
  const plugins = pluginsOf(world).map(({ postFilter: _, ...plugin }) => plugin)
  const { postFilter } = run(asking('9'), [node('a')], { plugins })
  expect(postFilter?.clearsNomination).toBe(true)
})

it('says of a pod that names two nodes at once that it is at odds with itself', () => {
  const named = (name: string) => ({ key: 'metadata.name', operator: 'In', values: [name] })
  const terms = [{ matchFields: [named('a'), named('b')] }]
  const affinity = { nodeAffinity: { requiredDuringSchedulingIgnoredDuringExecution: { nodeSelectorTerms: terms } } }
  const { message } = run(pod({ affinity }), [node('a'), node('b')])
  expect(message).toMatch(/^0\/2 nodes are available: pod affinity terms conflict\./)
})

it('counts for softly spread pods nobody on nodes that lack a label of another constraint', () => {
  const app = { app: 'web' }
  const softly = (topologyKey: string) => ({
    topologyKey,
    maxSkew: 1,
    whenUnsatisfiable: 'ScheduleAnyway',
    labelSelector: { matchLabels: app },
  })
  const what = pod({ topologySpreadConstraints: [softly('zone'), softly('rack')] }, app)
  const nodes = [
    node('a', { labels: { zone: 'x', rack: '1' } }),
    node('b', { labels: { zone: 'y', rack: '2' }, on: [pod({}, app)] }),
    node('without', { labels: { zone: 'x' }, on: [pod({}, app), pod({}, app), pod({}, app)] }),
  ]
  const { scores } = run(what, nodes)
  const raw = scores.told().map(({ name, scores: of }) => [name, of.PodTopologySpread?.raw])
  expect(Object.fromEntries(raw)).toMatchObject({ a: 0, b: 3, without: 0 })
})

it('spreads each pod among those that it names, whoever has asked the same nodes before it', () => {
  const plugins = pluginsOf(world)
  const [a, b] = [node('a', { on: [pod()] }), node('b')]
  const spread = (selector: object, namespace = 'default') => {
    const topologyKey = 'kubernetes.io/hostname'
    const constraint = { topologyKey, maxSkew: 1, whenUnsatisfiable: 'ScheduleAnyway', ...selector }
    const asked = pod({ topologySpreadConstraints: [constraint] })
    const { scores } = run({ ...asked, metadata: { ...asked.metadata, namespace } }, [a, b], { plugins })
    return scores.told().map(({ scores: of }) => of.PodTopologySpread?.raw)
  }
  const everybody = { labelSelector: { matchExpressions: [{ key: 'app', operator: 'DoesNotExist' }] } }
  // Of what selects all, as upstream has it, none is counted.
  const nobody = { labelSelector: {} }
  expect(spread({})).toEqual([0, 0])
  expect([spread(nobody), spread(everybody), spread(nobody)]).toEqual([
    [0, 0],
    [1, 0],
    [0, 0],
  ])
  b.addPod(pod())
  expect([spread(everybody), spread(everybody, 'other')]).toEqual([
    [1, 1],
    [0, 0],
  ])
})

it('tells what each plug-in gave each node', () => {
  const { scores } = run(asking('1', '1Gi'), [node('a'), node('b', { on: [asking('2')] })])
  const a = scores.told().find(({ name }) => name === 'a')
  expect(a?.scores).toMatchObject({
    NodeResourcesFit: { raw: 81, weighted: 81 },
    NodeResourcesBalancedAllocation: { raw: 71, weighted: 71 },
    TaintToleration: { raw: 0, weighted: 300 },
  })
  expect(a?.total).toBe(Object.values(a?.scores ?? {}).reduce((sum, { weighted }) => sum + weighted, 0))
  expect(scores.told(1).map(({ name }) => name)).toEqual(['a'])
})

it('takes the first node that fits where nobody scores', () => {
  const plugins = pluginsOf(world).map(({ score: _score, ...plugin }) => plugin)
  const nodes = [node('full', { cpu: '0' }), node('a'), node('b'), node('c')]
  expect(run(asking('1'), nodes, { plugins })).toMatchObject({ chosen: 'a', looked: 2 })
  expect(run(asking('1'), nodes, { plugins, startAt: 2 })).toMatchObject({ chosen: 'b', looked: 1 })
})

it.each([
  { nodes: 1, enough: 1 },
  { nodes: 100, enough: 100 },
  { nodes: 1000, enough: 420 },
  { nodes: 6000, enough: 300 },
])('looks for $enough fitting nodes of $nodes', ({ nodes, enough }) => {
  expect(enoughNodes(nodes)).toBe(enough)
})

// Which news wake which pods: too few and a pod sleeps though it fits, too many and it fails aloud for nothing.

import type { Node, Pod } from 'kubernetes-types/core/v1'
import type { StorageClass } from 'kubernetes-types/storage/v1'
import { expect, it } from 'vitest'
import type { ClusterEvent } from '../cluster-event.ts'
import { mayWake } from '../framework.ts'
import { pluginsOf, pod, world } from '../testing/pods-and-nodes.ts'

interface Told {
  labels?: Record<string, string>
  taints?: string[]
  cpu?: string
  memory?: string
  can?: string[]
}

function node({ labels = {}, taints = [], cpu = '4', memory = '8Gi', can = [] }: Told = {}): Node {
  return {
    metadata: { name: 'n', labels },
    spec: { taints: taints.map((key) => ({ key, effect: 'NoSchedule' })) },
    status: { allocatable: { cpu, memory, pods: '110' }, declaredFeatures: can } as Node['status'] & object,
  }
}
const added = (told?: Told): ClusterEvent => ({ type: 'node-added', node: node(told) })
const removed = (told?: Told): ClusterEvent => ({ type: 'node-removed', node: node(told) })
const updated = (previous: Told, now: Told): ClusterEvent => ({
  type: 'node-updated',
  node: node(now),
  previous: node(previous),
})
const web = (app = 'web') => pod({ nodeName: 'n' }, { app })
const relabelled = (from: string, to: string): ClusterEvent => ({
  type: 'pod-relabelled',
  previous: web(from),
  pod: web(to),
})
const elsewhere: Pod = { ...web(), metadata: { ...web().metadata, namespace: 'other' } }

const ofWeb = { matchLabels: { app: 'web' } }
const byZone = { topologyKey: 'zone', labelSelector: ofWeb }
const spread = pod({ topologySpreadConstraints: [{ ...byZone, maxSkew: 1, whenUnsatisfiable: 'DoNotSchedule' }] })
const near = pod({ affinity: { podAffinity: { requiredDuringSchedulingIgnoredDuringExecution: [byZone] } } })
const far = pod({ affinity: { podAntiAffinity: { requiredDuringSchedulingIgnoredDuringExecution: [byZone] } } })
const farFromBoth = pod({
  affinity: {
    podAntiAffinity: {
      requiredDuringSchedulingIgnoredDuringExecution: [
        byZone,
        { ...byZone, labelSelector: { matchLabels: { app: 'db' } } },
      ],
    },
  },
})
const honouring = pod({
  topologySpreadConstraints: [{ ...byZone, maxSkew: 1, whenUnsatisfiable: 'DoNotSchedule', nodeTaintsPolicy: 'Honor' }],
})
/** The pod itself, with another label or a toleration more. */
const changed = (previous: Pod, { labels = {}, tolerates = [] as string[] }): ClusterEvent => ({
  type: 'pod-changed',
  previous,
  pod: {
    ...previous,
    metadata: { ...previous.metadata, labels: { ...previous.metadata?.labels, ...labels } },
    spec: {
      containers: [],
      ...previous.spec,
      ...(tolerates.length > 0 ? { tolerations: tolerates.map((key) => ({ key, operator: 'Exists' })) } : {}),
    },
  },
})
const needing = (requests: Record<string, string>) =>
  pod({ nodeName: 'n', containers: [{ name: 'c', resources: { requests } }] })
const scaledDown = (from: Record<string, string>, to: Record<string, string>): ClusterEvent => ({
  type: 'pod-scaled-down',
  previous: needing(from),
  pod: needing(to),
})
const using = (claim: string) => pod({ volumes: [{ name: 'v', persistentVolumeClaim: { claimName: claim } }] })
const metadata = { name: 'data', namespace: 'default' }
const claim = (previous?: object): ClusterEvent => ({
  type: 'volume-claim-changed',
  object: { metadata },
  ...(previous ? { previous } : {}),
})
const slow = (told: Partial<StorageClass> = {}): StorageClass => ({ provisioner: 'disks', ...told })
const csiNode = (count: number) => ({ spec: { drivers: [{ name: 'disks', nodeID: 'n', allocatable: { count } }] } })
const MIGRATED = { 'storage.alpha.kubernetes.io/migrated-plugins': 'kubernetes.io/aws-ebs' }
const csiNodeChanged = (from: Record<string, string>, to: Record<string, string>): ClusterEvent => ({
  type: 'csi-node-changed',
  previous: { ...csiNode(1), metadata: { annotations: from } },
  object: { ...csiNode(2), metadata: { annotations: to } },
})
const onSsd = pod({ nodeSelector: { disk: 'ssd' } })
const small = pod({ containers: [{ name: 'c', resources: { requests: { cpu: '5' } } }] })
const CORDON = 'node.kubernetes.io/unschedulable'
const [a, b] = [{ labels: { zone: 'a' } }, { labels: { zone: 'b' } }]
const ssd = { labels: { disk: 'ssd' } }

it.each<[plugin: string, news: string, pod: Pod, event: ClusterEvent, wakes: boolean]>([
  ['PodTopologySpread', 'a node of a domain', spread, added(a), true],
  ['PodTopologySpread', 'a node outside all domains', spread, added(), false],
  ['PodTopologySpread', 'a node of a domain that goes', spread, removed(a), true],
  ['PodTopologySpread', 'another node that goes', spread, removed(), false],
  ['PodTopologySpread', 'a node that changes its domain', spread, updated(a, b), true],
  ['PodTopologySpread', 'a node that leaves its domain', spread, updated(a, {}), true],
  ['PodTopologySpread', 'other taints', spread, updated(a, { ...a, taints: ['x'] }), true],
  ['PodTopologySpread', 'more room', spread, updated(a, { ...a, cpu: '8' }), false],
  ['PodTopologySpread', 'one of those it is spread with', spread, { type: 'pod-assigned', pod: web() }, true],
  ['PodTopologySpread', 'one of them that goes', spread, { type: 'pod-removed', pod: web() }, true],
  ['PodTopologySpread', 'another one', spread, { type: 'pod-removed', pod: web('db') }, false],
  ['PodTopologySpread', 'one of another namespace', spread, { type: 'pod-removed', pod: elsewhere }, false],
  ['PodTopologySpread', 'one that is one of them now', spread, relabelled('db', 'web'), true],
  ['PodTopologySpread', 'one that is no more', spread, relabelled('web', 'db'), true],
  ['PodTopologySpread', 'one that never was', spread, relabelled('db', 'cache'), false],
  ['InterPodAffinity', 'one that it may be near to now', near, relabelled('db', 'web'), true],
  ['InterPodAffinity', 'one that it may be near to no more', near, relabelled('web', 'db'), false],
  ['InterPodAffinity', 'one that it need not be far from any more', far, relabelled('web', 'db'), true],
  ['InterPodAffinity', 'one that it must be far from now', far, relabelled('db', 'web'), false],
  ['InterPodAffinity', 'a new node outside of all it may be near in', near, added(), false],
  ['InterPodAffinity', 'a new node, to be far there', far, added(), true],
  ['InterPodAffinity', 'a node that leaves where it must be far', far, updated(a, {}), true],
  ['InterPodAffinity', 'a node that leaves where it may be near', near, updated(a, {}), false],
  ['InterPodAffinity', 'another label on a node', near, updated(a, { labels: { zone: 'a', x: 'y' } }), false],
  [
    'InterPodAffinity',
    'one of several that it must be far from',
    farFromBoth,
    { type: 'pod-removed', pod: web() },
    false,
  ],
  ['InterPodAffinity', 'labels of its own', near, changed(near, { labels: { x: 'y' } }), true],
  ['InterPodAffinity', 'a toleration of its own', near, changed(near, { tolerates: ['x'] }), false],
  ['PodTopologySpread', 'a label of its own that counts', spread, changed(spread, { labels: { app: 'web' } }), true],
  ['PodTopologySpread', 'another label of its own', spread, changed(spread, { labels: { x: 'y' } }), false],
  ['PodTopologySpread', 'a toleration where taints count', honouring, changed(honouring, { tolerates: ['x'] }), true],
  ['PodTopologySpread', 'a toleration where they do not', spread, changed(spread, { tolerates: ['x'] }), false],
  ['TaintToleration', 'a toleration of its own', spread, changed(spread, { tolerates: ['x'] }), true],
  ['TaintToleration', 'a label of its own', spread, changed(spread, { labels: { x: 'y' } }), false],
  ['NodeUnschedulable', 'a toleration of cordons', spread, changed(spread, { tolerates: [CORDON] }), true],
  ['NodeUnschedulable', 'another toleration', spread, changed(spread, { tolerates: ['x'] }), false],
  ['NodeAffinity', 'anything of its own', onSsd, changed(onSsd, { labels: { x: 'y' } }), false],
  ['NodeResourcesFit', 'less of what it asks for', small, scaledDown({ cpu: '2' }, { cpu: '1' }), true],
  ['NodeResourcesFit', 'less of something else', small, scaledDown({ memory: '2' }, { memory: '1' }), false],
  ['VolumeRestrictions', 'its claim, at last', using('data'), claim(), true],
  ['VolumeRestrictions', 'its claim, changed', using('data'), claim({ metadata }), false],
  ['VolumeBinding', 'its claim, changed', using('data'), claim({ metadata }), true],
  ['VolumeBinding', 'another claim', using('other'), claim(), false],
  ['VolumeBinding', 'any volume', using('data'), { type: 'volume-changed', object: {}, previous: {} }, true],
  ['VolumeBinding', 'a new class', using('data'), { type: 'storage-class-changed', object: slow() }, true],
  [
    'VolumeBinding',
    'a class that is as it was but for a label',
    using('data'),
    { type: 'storage-class-changed', object: slow({ metadata: { labels: { x: 'y' } } }), previous: slow() },
    false,
  ],
  ['VolumeBinding', 'other taints', using('data'), updated(a, { ...a, taints: ['x'] }), true],
  ['VolumeBinding', 'a node that can have more', using('data'), csiNodeChanged({}, {}), false],
  ['VolumeBinding', 'a node whose drivers see to more kinds', using('data'), csiNodeChanged({}, MIGRATED), true],
  ['VolumeBinding', 'more room', using('data'), updated(a, { ...a, cpu: '8' }), false],
  ['NodeResourcesFit', 'other taints on a node that is too small', small, updated({ taints: ['x'] }, {}), true],
  [
    'NodeVolumeLimits',
    'other taints, as new nodes are no news to it',
    using('data'),
    updated({ taints: ['x'] }, {}),
    false,
  ],
  ['VolumeBinding', 'another label on a node', using('data'), updated(a, b), true],
  [
    'VolumeZone',
    'a volume that is elsewhere',
    using('data'),
    {
      type: 'volume-changed',
      object: { metadata: { labels: { 'topology.kubernetes.io/zone': 'b' } } },
      previous: { metadata: { labels: { 'topology.kubernetes.io/zone': 'a' } } },
    },
    true,
  ],
  [
    'VolumeZone',
    'a volume that is where it was',
    using('data'),
    { type: 'volume-changed', object: {}, previous: {} },
    false,
  ],
  [
    'VolumeZone',
    'a new class that waits',
    using('data'),
    { type: 'storage-class-changed', object: slow({ volumeBindingMode: 'WaitForFirstConsumer' }) },
    true,
  ],
  ['VolumeZone', 'a new class that does not', using('data'), { type: 'storage-class-changed', object: slow() }, false],
  [
    'NodeVolumeLimits',
    'a node that can have more',
    using('data'),
    { type: 'csi-node-changed', object: csiNode(2), previous: csiNode(1) },
    true,
  ],
  [
    'NodeVolumeLimits',
    'a node that can have as many',
    using('data'),
    { type: 'csi-node-changed', object: csiNode(2), previous: csiNode(2) },
    false,
  ],
  ['NodeVolumeLimits', 'a new node, whose drivers have not spoken', using('data'), added(), false],
  ['NodeAffinity', 'the label', onSsd, updated({}, ssd), true],
  [
    'NodeAffinity',
    'another label on a node that matched',
    onSsd,
    updated(ssd, { labels: { disk: 'ssd', x: 'y' } }),
    false,
  ],
  ['TaintToleration', 'a taint fewer', spread, updated({ taints: ['x'] }, {}), true],
  ['TaintToleration', 'another taint', spread, updated({ taints: ['x'] }, { taints: ['x', 'y'] }), false],
  ['TaintToleration', 'a new node with a taint', spread, added({ taints: ['x'] }), false],
  ['NodeDeclaredFeatures', 'something else that it can do', onSsd, updated({}, { can: ['A'] }), true],
  ['NodeDeclaredFeatures', 'another label', onSsd, updated({}, ssd), false],
  ['NodeResourcesFit', 'more of what it asks for', small, updated({ cpu: '4' }, { cpu: '8' }), true],
  ['NodeResourcesFit', 'more of something else', small, updated({ cpu: '8' }, { cpu: '8', memory: '9Gi' }), false],
])('%s: %s', (name, _, waiting, event, wakes) => {
  const plugin = pluginsOf(world).find((one) => one.name === name)!
  expect(mayWake(plugin, event, waiting)).toBe(wakes)
})

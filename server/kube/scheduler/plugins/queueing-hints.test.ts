// Which news wake which pods: too few and a pod sleeps though it fits, too many and it fails aloud for nothing.

import type { Node, Pod } from 'kubernetes-types/core/v1'
import { expect, it } from 'vitest'
import { type ClusterEvent, mayWake } from '../framework.ts'
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
const onSsd = pod({ nodeSelector: { disk: 'ssd' } })
const small = pod({ containers: [{ name: 'c', resources: { requests: { cpu: '5' } } }] })
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

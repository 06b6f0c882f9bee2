import type { Node, Pod } from 'kubernetes-types/core/v1'
import { expect, it } from 'vitest'
import { shortages, shortOf, unfitness } from './admission.ts'

const allocatable = { cpu: '2', memory: '1Gi', pods: '3', 'example.com/dongle': '2' }
const wants = (requests: Record<string, string>): Pod => ({
  spec: { containers: [{ name: 'a', resources: { requests } }] },
})
const asks = (cpu: string, more: object = {}): Pod => ({
  spec: { containers: [{ name: 'a', resources: { requests: { cpu } } }], ...more },
})

it.each<[string, Pod, Pod[], string | undefined]>([
  ['what is left to the last thousandth', asks('1500m'), [asks('500m')], undefined],
  ['more', asks('1501m'), [asks('500m')], 'cpu, requested: 1501, used: 500, capacity: 2000'],
  ['nothing of what there is too little of', asks('0'), [asks('3')], undefined],
  [
    'what its runtime class adds',
    asks('1800m', { overhead: { cpu: '250m' } }),
    [],
    'cpu, requested: 2050, used: 0, capacity: 2000',
  ],
  [
    'sidecars beside the others',
    asks('1', { initContainers: [{ name: 's', restartPolicy: 'Always', resources: { requests: { cpu: '1100m' } } }] }),
    [],
    'cpu, requested: 2100, used: 0, capacity: 2000',
  ],
  ['of the cluster what no node knows of', wants({ 'example.com/seat': '1' }), [], undefined],
  [
    'what this node was said to have',
    wants({ 'example.com/dongle': '2' }),
    [wants({ 'example.com/dongle': '1' })],
    'example.com/dongle, requested: 2, used: 1, capacity: 2',
  ],
  ['pages', wants({ 'hugepages-2Mi': '2Mi' }), [], 'hugepages-2Mi, requested: 2097152, used: 0, capacity: 0'],
  ['one pod too many', asks('0'), [asks('0'), asks('0'), asks('0')], 'pods, requested: 1, used: 3, capacity: 3'],
])('admits or turns away a pod that asks for %s', (_what, pod, others, short) => {
  const messages = shortages(pod, others, allocatable).map((one) => shortOf(one).message)
  expect(messages).toEqual(short ? [`Node didn't have enough resource: ${short}`] : [])
})

const listens = (hostPort: number, more: object = {}): Pod => ({
  spec: { containers: [{ name: 'a', ports: [{ containerPort: 80, hostPort, ...more }] }] },
})

it.each<[string, Pod, boolean]>([
  ['one that another has', listens(8080), true],
  ['another', listens(8081), false],
  ['the same over UDP', listens(8080, { protocol: 'UDP' }), false],
  ['the same at one address, when another has it at all', listens(8080, { hostIP: '192.0.2.1' }), true],
  ['none', { spec: { containers: [{ name: 'a', ports: [{ containerPort: 80 }] }] } }, false],
])('turns away a pod that wants a port of the node: %s', (_what, pod, isTaken) => {
  const message = "Predicate NodePorts failed: node(s) didn't have free ports for the requested pod ports"
  expect(unfitness(pod, [listens(8080)], {}, { isStatic: false })).toEqual(
    isTaken ? [{ reason: 'NodePorts', message }] : [],
  )
})

const disks = { metadata: { labels: { disk: 'hdd' } } }
const going = {
  spec: {
    taints: [
      { key: 'going', effect: 'NoExecute' },
      { key: 'full', effect: 'NoSchedule' },
    ],
  },
}
const likesSsd: Pod = { spec: { containers: [], nodeSelector: { disk: 'ssd' } } }

it.each<[string, Pod, Node, { isStatic?: boolean }, string | undefined]>([
  [
    'a label that it has not',
    likesSsd,
    disks,
    {},
    "NodeAffinity failed: node(s) didn't match Pod's node affinity/selector",
  ],
  ['a label that it has', { spec: { containers: [], nodeSelector: { disk: 'hdd' } } }, disks, {}, undefined],
  [
    'nothing, and is tainted',
    asks('1'),
    going,
    {},
    "TaintToleration failed: node(s) had taints that the pod didn't tolerate",
  ],
  ['nothing, and is tainted, of a static pod', asks('1'), going, { isStatic: true }, undefined],
  [
    'nothing, and has a taint that is tolerated',
    asks('1', { tolerations: [{ key: 'going', operator: 'Exists' }] }),
    going,
    {},
    undefined,
  ],
])('goes by what the Node says: asked for is %s', (_what, pod, node, { isStatic = false }, why) => {
  expect(unfitness(pod, [], node, { isStatic }).map(({ message }) => message)).toEqual(why ? [`Predicate ${why}`] : [])
})

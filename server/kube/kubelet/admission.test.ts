import type { Pod } from 'kubernetes-types/core/v1'
import { expect, it } from 'vitest'
import { admit, refusePorts } from './admission.ts'

const allocatable = { cpu: '2', memory: '1Gi', pods: '3' }
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
  ['one pod too many', asks('0'), [asks('0'), asks('0'), asks('0')], 'pods, requested: 1, used: 3, capacity: 3'],
])('admits or turns away a pod that asks for %s', (_what, pod, others, short) => {
  expect(admit(pod, others, allocatable)?.message).toBe(short && `Node didn't have enough resource: ${short}`)
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
  expect(refusePorts(pod, [listens(8080)])).toEqual(isTaken ? { reason: 'NodePorts', message } : undefined)
})

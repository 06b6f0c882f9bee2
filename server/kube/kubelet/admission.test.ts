import type { Pod } from 'kubernetes-types/core/v1'
import { expect, it } from 'vitest'
import { admit } from './admission.ts'

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

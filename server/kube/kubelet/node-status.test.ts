import { expect, it } from 'vitest'
import { Node } from '../kinds/index.ts'
import { problems } from '../kinds/testing/kind-facts.ts'
import type { Pressure } from './eviction/thresholds.ts'
import { kubeletConfigurationOf } from './kubelet-configuration.ts'
import { allocatableOf, type NodeStatusInput, nodeStatusOf } from './node-status.ts'

it('keeps from pods what is reserved and what has to stay free', () => {
  const configuration = kubeletConfigurationOf(`
kind: KubeletConfiguration
apiVersion: kubelet.config.k8s.io/v1beta1
kubeReserved: {cpu: 100m, memory: 256Mi}
systemReserved: {memory: 128Mi, ephemeral-storage: 1Gi}
evictionHard: {memory.available: 128Mi, nodefs.available: 10%}
`)
  const capacity = { cpu: '2', memory: '2097152Ki', 'ephemeral-storage': '10485760Ki', pods: '110' }
  expect(allocatableOf(configuration, capacity)).toEqual({
    cpu: '1900m',
    memory: '1536Mi',
    'ephemeral-storage': '8589934592',
    pods: '110',
  })
})

function statusOf(told: Partial<NodeStatusInput>) {
  const machine = { hostname: '', machineId: '', bootId: '', kernelVersion: '', osImage: '', architecture: '' }
  return nodeStatusOf({
    machine: { ...machine, cpus: 1, memoryBytes: 1, diskBytes: 1 },
    nodeIP: '192.0.2.1',
    maxPods: 1,
    kubeletVersion: '',
    kubeletPort: 1,
    runtime: { name: '', version: '' },
    images: [],
    notReady: undefined,
    configuration: kubeletConfigurationOf(undefined),
    pressures: new Set(),
    volumesInUse: [],
    previous: undefined,
    now: 0,
    ...told,
  })
}

it('gives to pods what somebody says that the node has besides, and takes it back', () => {
  const previous = { capacity: { 'example.com/dongle': '4' }, allocatable: { 'example.com/ring': '2' } }
  const { allocatable, capacity } = statusOf({ previous })
  expect(allocatable).toMatchObject({ 'example.com/dongle': '4', 'example.com/ring': null })
  expect(capacity, 'what others write stays theirs').not.toHaveProperty(['example.com/dongle'])
})

it.each<[Pressure, string, string]>([
  ['MemoryPressure', 'KubeletHasInsufficientMemory', 'KubeletHasSufficientMemory'],
  ['DiskPressure', 'KubeletHasDiskPressure', 'KubeletHasNoDiskPressure'],
  ['PIDPressure', 'KubeletHasInsufficientPID', 'KubeletHasSufficientPID'],
])('tells of %s', (type, under, not) => {
  const reasonOf = (pressures: ReadonlySet<Pressure>) => {
    const condition = statusOf({ pressures }).conditions?.find((one) => one.type === type)
    return [condition?.status, condition?.reason]
  }
  expect(reasonOf(new Set([type]))).toEqual(['True', under])
  expect(reasonOf(new Set())).toEqual(['False', not])
})

it('declares what it can do as the API server takes it', () => {
  const { declaredFeatures } = statusOf({}) as { declaredFeatures?: string[] }
  expect(problems(Node, { status: { declaredFeatures } as object })).toEqual([])
  expect(declaredFeatures).toContain('RestartAllContainersOnContainerExits')
})

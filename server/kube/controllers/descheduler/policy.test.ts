import type { Pod as CorePod } from 'kubernetes-types/core/v1'
import { expect, it } from 'vitest'
import { isEvictable } from './evictable.ts'
import { readDeschedulerPolicy } from './policy.ts'

const OWNER = { apiVersion: 'apps/v1', kind: 'ReplicaSet', name: 'web', uid: 'web', controller: true }
const pod = (name: string, spec: Partial<CorePod['spec']> = {}): CorePod => ({
  metadata: { name, namespace: 'default', labels: { app: 'web' }, ownerReferences: [OWNER] },
  spec: { containers: [{ name: 'c' }], ...spec },
})
const evictor = (args: string) => {
  const text = `profiles: [{name: p, pluginConfig: [{name: DefaultEvictor, args: ${args}}]}]`
  return read(text).profiles[0]!.pluginConfig.DefaultEvictor
}
const HEAD = 'apiVersion: descheduler/v1alpha2\nkind: DeschedulerPolicy\n'
const read = (text: string) => readDeschedulerPolicy(HEAD + text, 'policy.yaml')

it.each<[string, string, CorePod, boolean]>([
  ['data on the node', '{evictLocalStoragePods: true}', pod('x', { volumes: [{ name: 'v', emptyDir: {} }] }), true],
  ['the system’s own', '{evictSystemCriticalPods: true}', pod('x', { priority: 2_000_001_000 }), true],
  ['priorities', '{priorityThreshold: {value: 10}}', pod('x', { priority: 10 }), false],
  ['labels', '{labelSelector: {matchLabels: {app: other}}}', pod('x'), false],
  [
    'claims',
    '{ignorePvcPods: true}',
    pod('x', { volumes: [{ name: 'v', persistentVolumeClaim: { claimName: 'c' } }] }),
    false,
  ],
])('goes by what the policy says of %s', (_what, args, what, may) => {
  expect(isEvictable(what, evictor(args))).toBe(may)
})

it.each([
  [
    'profiles: [{name: p, pluginConfig: [{name: PodLifeTime}]}]',
    'profiles.0.pluginConfig.0.name: there is no plug-in "PodLifeTime"; there are DefaultEvictor, RemovePodsViolatingNodeTaints',
  ],
  [
    'profiles: [{name: p, plugins: {balance: {enabled: [RemoveFailedPods]}}}]',
    'there is no balance plug-in "RemoveFailedPods"; there are RemoveDuplicates, RemovePodsViolatingTopologySpreadConstraint, LowNodeUtilization',
  ],
  [
    'profiles: [{name: p, pluginConfig: [{name: LowNodeUtilization, args: {useDeviationThresholds: true}}]}]',
    'profiles.0.pluginConfig.0.args: Unrecognized key: "useDeviationThresholds"',
  ],
  [
    'profiles: [{name: p, pluginConfig: [{name: LowNodeUtilization, args: {thresholds: {cpu: 60}, targetThresholds: {cpu: 50}}}]}]',
    'thresholds are greater than targetThresholds',
  ],
  [
    'profiles: [{name: p, pluginConfig: [{name: LowNodeUtilization, args: {thresholds: {cpu: 10}}}]}]',
    'thresholds and targetThresholds are not set for the same resources',
  ],
  ['profiles: []', 'profiles: Too small'],
  ['strategies: {}', 'Unrecognized key: "strategies"'],
])('refuses %s', (text, words) => {
  expect(() => read(text)).toThrow(words)
})

import type { Pod } from 'kubernetes-types/core/v1'
import { expect, it } from 'vitest'
import { podsToPreempt } from './preemption.ts'

const pod = (
  name: string,
  requests: Record<string, string>,
  more: { limits?: object; priority?: number } = {},
): Pod => ({
  metadata: { name },
  spec: {
    priority: more.priority ?? 0,
    containers: [{ name: 'a', resources: { requests, ...(more.limits ? { limits: more.limits } : {}) } as object }],
  },
})
const critical = pod('critical', {}, { priority: 2_000_000_000 })
const bestEffort = pod('best-effort', {})
const small = pod('small', { cpu: '100m', memory: '50Mi' })
const large = pod('large', { cpu: '300m', memory: '300Mi' })
const promised = pod('promised', { cpu: '200m', memory: '200Mi' }, { limits: { cpu: '200m', memory: '200Mi' } })
const alsoCritical = pod('also-critical', { cpu: '4', memory: '4Gi' }, { priority: 2_000_001_000 })
const all = [bestEffort, small, large, promised, alsoCritical]

const lacks = (resource: string, amount: number) => ({ resource, requested: amount, used: 0, capacity: 0 })
const MEBI = 2 ** 20

// Upstream: pkg/kubelet/preemption/preemption_test.go.
it.each<[string, ReturnType<typeof lacks>[], string[]]>([
  ['a place only', [lacks('pods', 1)], ['best-effort']],
  ['little, the one that has little', [lacks('cpu', 50)], ['small']],
  ['more, the one that has enough alone', [lacks('memory', 250 * MEBI)], ['large']],
  ['what two have together', [lacks('memory', 320 * MEBI)], ['large', 'small']],
  ['what only all have, those that were promised most as well', [lacks('cpu', 550)], ['large', 'small', 'promised']],
  ['two things, who comes nearest to both', [lacks('cpu', 250), lacks('memory', 60 * MEBI)], ['large']],
])('makes way for a critical pod that lacks %s', (_what, short, names) => {
  expect(podsToPreempt(critical, all, short).map(({ metadata }) => metadata?.name)).toEqual(names)
})

it('ends nobody when the end of all would not do', () => {
  expect(() => podsToPreempt(critical, all, [lacks('cpu', 1000)])).toThrow(
    'no set of running pods found to reclaim resources: [(res: cpu, q: 400), ]',
  )
})

it('goes by where a pod comes from, not by where it says that it does', () => {
  const annotations = { 'kubernetes.io/config.source': 'file' }
  const spec = { ...small.spec!, priority: undefined }
  const ofFile = { spec, metadata: { name: 'of-file', annotations } } as Pod
  const ofApi = { spec, metadata: { name: 'of-api', annotations, resourceVersion: '7' } } as Pod
  const chosen = podsToPreempt(critical, [ofFile, ofApi], [lacks('cpu', 100)])
  expect(chosen.map(({ metadata }) => metadata?.name)).toEqual(['of-api'])
  expect(() => podsToPreempt(critical, [ofFile], [lacks('cpu', 100)])).toThrow('no set of running pods')
})

import type { Job } from 'kubernetes-types/batch/v1'
import type { Pod } from 'kubernetes-types/core/v1'
import { describe, expect, it } from 'vitest'
import { countPods as countPodsAt } from './count-pods.ts'
import { ruleOn } from './failure-policy.ts'
import { endOf } from './job-end.ts'
import { job, NOW, pod } from './testing/some-pods.ts'

const countPods = (of: Job, pods: Pod[]) => countPodsAt(of, pods, NOW)

describe('a pod failure policy', () => {
  const rules = [
    { action: 'Ignore', onPodConditions: [{ type: 'DisruptionTarget', status: 'True' }] },
    { action: 'FailJob', onExitCodes: { containerName: 'main', operator: 'In', values: [42] } },
    { action: 'Count', onExitCodes: { operator: 'NotIn', values: [1] } },
  ]
  it.each([
    [{ phase: 'Failed', condition: 'DisruptionTarget', code: 42 }, 'Ignore'],
    [{ phase: 'Failed', code: 42 }, 'FailJob'],
    [{ phase: 'Failed', code: 7 }, 'Count'],
    [{ phase: 'Failed', code: 1 }, 'Count'],
  ])('%j is judged by the first rule that fits: %s', (told, action) => {
    expect(ruleOn(job({ podFailurePolicy: { rules } }).spec!, pod('a', told)).action).toBe(action)
  })

  it('ends the Job, saying which rule it was, or does not count', () => {
    const spec = { podFailurePolicy: { rules } }
    const counts = countPods(job(spec), [pod('a', { phase: 'Failed', code: 42 })])
    expect(endOf(job(spec), counts, NOW)).toEqual({
      type: 'FailureTarget',
      reason: 'PodFailurePolicy',
      message: 'Container main for pod default/a failed with exit code 42 matching FailJob rule at index 1',
    })
    const ignored = countPods(job(spec), [pod('a', { phase: 'Failed', condition: 'DisruptionTarget' })])
    expect(ignored.uncounted.failed).toEqual([])
    expect(ignored.done).toHaveLength(1)
  })

  it('names the condition that the pod tells first', () => {
    const patterns = ['Second', 'First'].map((type) => ({ type, status: 'True' }))
    const told = pod('a', { phase: 'Failed', condition: 'First' })
    told.status!.conditions!.push({ type: 'Second', status: 'True' })
    const spec = { podFailurePolicy: { rules: [{ action: 'FailJob', onPodConditions: patterns }] } }
    expect(ruleOn(job(spec).spec!, told).message).toBe(
      'Pod default/a has condition First matching FailJob rule at index 0',
    )
  })
})

// What a Job's pod failure policy says of one failed pod: the first rule that fits decides.
// Upstream: kubernetes/pkg/controller/job/pod_failure_policy.go.

import type { JobSpec, PodFailurePolicyRule } from 'kubernetes-types/batch/v1'
import type { Pod } from 'kubernetes-types/core/v1'

export interface Ruling {
  action: 'Count' | 'FailIndex' | 'FailJob' | 'Ignore'
  /** Why, for FailJob. */
  message: string
}

const COUNT: Ruling = { action: 'Count', message: '' }

export function ruleOn({ podFailurePolicy }: JobSpec, pod: Pod): Ruling {
  for (const [index, rule] of (podFailurePolicy?.rules ?? []).entries()) {
    const why = fits(rule, pod)
    const action = rule.action as Ruling['action']
    if (why) return { action, message: `${why} matching ${action} rule at index ${index}` }
  }
  return COUNT
}

function fits(rule: PodFailurePolicyRule, pod: Pod): string | undefined {
  const name = `${pod.metadata?.namespace}/${pod.metadata?.name}`
  if (rule.onExitCodes) {
    const { containerName, operator, values } = rule.onExitCodes
    const statuses = [...(pod.status?.containerStatuses ?? []), ...(pod.status?.initContainerStatuses ?? [])]
    for (const { name: container, state } of statuses) {
      const code = state?.terminated?.exitCode
      if (!code || (containerName !== undefined && container !== containerName)) continue
      if (values.includes(code) === (operator === 'In')) {
        return `Container ${container} for pod ${name} failed with exit code ${code}`
      }
    }
    return undefined
  }
  const found = pod.status?.conditions?.find(({ type, status }) =>
    rule.onPodConditions?.some((pattern) => type === pattern.type && status === pattern.status),
  )
  return found && `Pod ${name} has condition ${found.type}`
}

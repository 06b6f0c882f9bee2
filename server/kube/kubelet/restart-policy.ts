// Whether a container is started again when it ends: by the first of its rules that names its exit code, else by its own
// policy, else by its pod's. Upstream: pkg/api/v1/pod/util.go, ContainerShouldRestart, IsContainerRestartable.

import type { Pod } from 'kubernetes-types/core/v1'
import { ruleAfter } from '../kinds/pod-template/restart-rules.ts'
import { type ContainerSpec, containersOf } from './pod-runtime-state.ts'

export function restartsAfter(pod: Pod, container: ContainerSpec, exitCode: number): boolean {
  if (container.restartPolicy && ruleAfter(container, exitCode)) return true
  const policy = policyOf(pod, container)
  return policy === 'Always' || (policy === 'OnFailure' && exitCode !== 0)
}

/** Of what is killed for its probes: nobody knows yet with which code it will end. */
export function restartsWhenKilled(pod: Pod, container: ContainerSpec): boolean {
  return policyOf(pod, container) !== 'Never'
}

/** After some exit code it would be. */
export function mayRestart(pod: Pod, container: ContainerSpec): boolean {
  const rules = container.restartPolicy ? container.restartPolicyRules : undefined
  return (rules ?? []).length > 0 || restartsWhenKilled(pod, container)
}

/** Its end makes the whole pod begin anew, init containers and all, in the sandbox that it has. */
export const restartsAll = (container: ContainerSpec, exitCode: number): boolean =>
  container.restartPolicy !== undefined && ruleAfter(container, exitCode)?.action === 'RestartAllContainers'

/** Why a container is said to have ended that was taken away for that. */
export const RESTARTING_ALL = 'RestartingAllContainers'

export const mayRestartAll = (pod: Pod): boolean =>
  [...containersOf(pod)].some(({ container }) =>
    container.restartPolicyRules?.some(({ action }) => action === 'RestartAllContainers'),
  )

const policyOf = (pod: Pod, container: ContainerSpec) => container.restartPolicy ?? pod.spec?.restartPolicy ?? 'Always'

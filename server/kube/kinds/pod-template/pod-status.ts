// What whoever runs a pod may tell of it. Upstream: pkg/apis/core/validation ValidatePodStatusUpdate.

import type { ContainerStatus, Pod, PodStatus } from 'kubernetes-types/core/v1'
import { immutable, problemsAt } from '../../apimachinery/field-checks.ts'
import { addressProblems } from '../../apimachinery/ip-rules.ts'
import { dnsSubdomainProblems, labelKeyProblems } from '../../apimachinery/names.ts'
import { type FieldError, fieldError } from '../../apimachinery/status-error.ts'
import { claimStatusErrors, extendedStatusErrors } from './claim-statuses.ts'
import type { Container, PodSpec } from './newer-fields.ts'
import { ruleAfter } from './restart-rules.ts'

const LISTS = ['containerStatuses', 'initContainerStatuses', 'ephemeralContainerStatuses'] as const
const ENDED = 'may not be transitioned to non-terminated state'

/** What older clients leave out is not theirs to take away. Mutates `next`. */
export function keepPodStatus(next: Pod, previous: Pod): void {
  type Told = PodStatus & { observedGeneration?: number; extendedResourceClaimStatus?: object }
  const [now, before] = [(next.status ?? {}) as Told, (previous.status ?? {}) as Told]
  Object.assign(next, { status: now })
  for (const field of [
    'qosClass',
    'observedGeneration',
    'resourceClaimStatuses',
    'extendedResourceClaimStatus',
  ] as const) {
    if (!now[field] && before[field] !== undefined) Object.assign(now, { [field]: before[field] })
  }
}

export function podStatusErrors(next: Pod, previous: Pod): FieldError[] {
  const { status = {} } = next
  const before = previous.status ?? {}
  return [
    ...(status.conditions ?? []).flatMap(({ type }, index) =>
      problemsAt(`status.conditions[${index}].Type`, type, labelKeyProblems(type)),
    ),
    ...nominationErrors(status, previous),
    ...immutable('status.qosClass', status.qosClass, before.qosClass),
    ...LISTS.flatMap((list) => endedErrors(list, status, before, previous.spec as PodSpec)),
    ...addressErrors('podIP', status),
    ...addressErrors('hostIP', status),
    ...claimStatusErrors({ ...previous, status }),
    ...extendedStatusErrors({ ...previous, status }),
  ]
}

function nominationErrors({ nominatedNodeName: name = '' }: PodStatus, previous: Pod): FieldError[] {
  const field = 'status.nominatedNodeName'
  if (!name || name === previous.status?.nominatedNodeName) return []
  const errors = problemsAt(field, name, dnsSubdomainProblems(name))
  return previous.spec?.nodeName
    ? [...errors, fieldError.forbidden(field, 'may not be set on pods that are already bound to a node')]
    : errors
}

/** What has ended for good does not run again. */
function endedErrors(
  list: (typeof LISTS)[number],
  now: PodStatus,
  before: PodStatus,
  spec: PodSpec | undefined,
): FieldError[] {
  if (list !== 'ephemeralContainerStatuses' && restartsAll(spec)) return []
  return (before[list] ?? []).flatMap((old, index) => {
    const ended = old.state?.terminated
    const current = now[list]?.find(({ name }) => name === old.name)
    if (!ended || !current || current.state?.terminated) return []
    const mayRestart = list !== 'ephemeralContainerStatuses' && restartsAfter(old, ended.exitCode, list, spec)
    return mayRestart ? [] : [fieldError.forbidden(`status.${list}[${index}].state`, ENDED)]
  })
}

const restartsAll = (spec: PodSpec | undefined): boolean =>
  [...(spec?.containers ?? []), ...(spec?.initContainers ?? [])].some(({ restartPolicyRules }) =>
    restartPolicyRules?.some(({ action }) => action === 'RestartAllContainers'),
  )

function restartsAfter(
  { name }: ContainerStatus,
  exitCode: number,
  list: 'containerStatuses' | 'initContainerStatuses',
  spec: PodSpec | undefined,
): boolean {
  const containers = (list === 'containerStatuses' ? spec?.containers : spec?.initContainers) ?? []
  const container: Partial<Container> = containers.find((one) => one.name === name) ?? {}
  if (ruleAfter(container, exitCode)) return true
  const policy = container.restartPolicy ?? spec?.restartPolicy ?? 'Always'
  return policy === 'Always' || (policy === 'OnFailure' && exitCode !== 0)
}

/** `podIP` and `podIPs[0]` are one address told twice; so are those of the host. */
function addressErrors(which: 'podIP' | 'hostIP', status: PodStatus): FieldError[] {
  const at = `status.${which}s`
  const address = status[which] ?? ''
  const list = (status[`${which}s`] ?? []).map(({ ip = '' }) => ip)
  const errors = list.flatMap((ip, index) => problemsAt(`${at}[${index}]`, ip, addressProblems(ip)))
  if (list.length > 1) {
    const families = new Set(list.map((ip) => ip.includes(':')))
    if (list.length > 2 || families.size < 2) {
      const shown = list.map((ip) => ({ ip }))
      errors.push(fieldError.invalid(at, shown, 'may specify no more than one IP for each IP family'))
    }
  }
  return list[0] !== undefined && list[0] !== address
    ? [...errors, fieldError.invalid(`${at}[0].ip`, list[0], `must be equal to \`${which}\``)]
    : errors
}

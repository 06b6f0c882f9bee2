// What whoever runs a pod may tell of it. Upstream: pkg/apis/core/validation ValidatePodStatusUpdate.

import type { ContainerStatus, Pod, PodStatus } from 'kubernetes-types/core/v1'
import { immutable, problemsAt } from '../../apimachinery/field-checks.ts'
import { addressProblems } from '../../apimachinery/ip-rules.ts'
import { dnsSubdomainProblems, idProblems, labelKeyProblems } from '../../apimachinery/names.ts'
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
    ...(status.conditions ?? []).flatMap((condition, index) => [
      ...generationErrors(`status.conditions[${index}]`, condition),
      ...problemsAt(`status.conditions[${index}].Type`, condition.type, labelKeyProblems(condition.type)),
    ]),
    ...nominationErrors(status, previous),
    ...generationErrors('status', status),
    ...immutable('status.qosClass', status.qosClass, before.qosClass),
    ...LISTS.flatMap((list) => endedErrors(list, status, before, previous.spec as PodSpec)),
    ...addressErrors('podIP', status, before),
    ...addressErrors('hostIP', status, before),
    ...LISTS.flatMap((list) => userErrors(list, status, previous.spec as PodSpec)),
    ...claimStatusErrors({ ...previous, status }),
    ...extendedStatusErrors({ ...previous, status }),
  ]
}

function generationErrors(at: string, told: object): FieldError[] {
  const { observedGeneration: generation = 0 } = told as { observedGeneration?: number }
  const why = 'must be a non-negative integer'
  return generation < 0 ? [fieldError.invalid(`${at}.observedGeneration`, generation, why)] : []
}

/** As whom a container runs. */
function userErrors(list: (typeof LISTS)[number], status: PodStatus, spec: PodSpec | undefined): FieldError[] {
  type Told = { user?: { linux?: { uid?: number; gid?: number; supplementalGroups?: number[] } } }
  return ((status[list] ?? []) as Told[]).flatMap(({ user }, index) => {
    const at = `status.${list}[${index}].user.linux`
    if (!user?.linux) return []
    if (spec?.os?.name === 'windows') return [fieldError.forbidden(at, 'cannot be set for a windows pod')]
    const { uid = 0, gid = 0, supplementalGroups = [] } = user.linux
    return [
      ...problemsAt(`${at}.uid`, uid, idProblems(uid)),
      ...problemsAt(`${at}.gid`, gid, idProblems(gid)),
      ...supplementalGroups.flatMap((group, place) =>
        problemsAt(`${at}.supplementalGroups[${place}]`, group, idProblems(group)),
      ),
    ]
  })
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
function addressErrors(which: 'podIP' | 'hostIP', status: PodStatus, before: PodStatus): FieldError[] {
  const at = `status.${which}s`
  const address = status[which] ?? ''
  const list = (status[`${which}s`] ?? []).map(({ ip = '' }) => ip)
  const known = new Set((before[`${which}s`] ?? []).map(({ ip }) => ip))
  const errors = list.flatMap((ip, index) =>
    known.has(ip) ? [] : problemsAt(`${at}[${index}]`, ip, addressProblems(ip)),
  )
  if (list.length > 1) {
    const families = new Set(list.map((ip) => ip.includes(':')))
    if (list.length > 2 || families.size < 2) {
      // Upstream shows its own form, whose names are Go's.
      const shown = list.map((ip) => ({ IP: ip }))
      errors.push(fieldError.invalid(at, shown, 'may specify no more than one IP for each IP family'))
    }
  }
  return list[0] !== undefined && list[0] !== address
    ? [...errors, fieldError.invalid(`${at}[0].ip`, list[0], `must be equal to \`${which}\``)]
    : errors
}

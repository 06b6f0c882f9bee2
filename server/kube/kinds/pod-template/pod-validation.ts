// What a pod must look like, as itself and as a template. Upstream: kubernetes/pkg/apis/core/validation/validation.go
// ValidatePodSpec, validatePodMetadataAndSpec.

import type { PodSpec as KnownSpec, PodResourceClaim, PodTemplateSpec, Toleration } from 'kubernetes-types/core/v1'
import { oneOf, problemsAt } from '../../apimachinery/field-checks.ts'
import {
  dnsLabelProblems,
  dnsSubdomainProblems,
  labelKeyProblems,
  labelValueProblems,
} from '../../apimachinery/names.ts'
import { type FieldError, fieldError } from '../../apimachinery/status-error.ts'
import { affinityErrors, spreadErrors } from './affinity.ts'
import { appArmorAnnotationErrors, appArmorMismatches } from './app-armor-annotations.ts'
import {
  choice,
  containerErrors,
  ephemeralContainerErrors,
  imageSpaceErrors,
  initContainerErrors,
} from './containers.ts'
import { fileVolumeErrors } from './environment.ts'
import type { PodSpec } from './newer-fields.ts'
import { dnsErrors, hostAliasErrors, hostnameErrors, hostPortErrors, hostUserErrors } from './pod-network.ts'
import { overheadErrors, podResourceErrors } from './resources.ts'
import { seccompAnnotationErrors, seccompMismatches } from './seccomp-annotations.ts'
import { podSecurityErrors } from './security-context.ts'
import { volumeErrors } from './volumes.ts'
import { hostProcessErrors, operatingSystemErrors } from './windows.ts'

const RESTART_POLICIES = ['Always', 'OnFailure', 'Never']
const DNS_POLICIES = ['ClusterFirstWithHostNet', 'ClusterFirst', 'Default', 'None']
const PREEMPTION_POLICIES = ['PreemptLowerPriority', 'Never']
const EFFECTS = ['NoSchedule', 'PreferNoSchedule', 'NoExecute']
const NEEDS_EXISTS = 'operator must be Exists when `key` is empty, which means "match all values and all keys"'

/** `pod` is the name of the pod itself, which a template is not. */
export function podSpecErrors(given: KnownSpec | undefined, at: string, pod?: string): FieldError[] {
  if (!given) return [fieldError.required(`${at}.containers`)]
  const spec = given as PodSpec
  const isPod = pod !== undefined
  const volumes = volumeErrors(spec.volumes ?? [], `${at}.volumes`, { podName: pod, isPod })
  return [
    ...volumes.errors,
    ...claimErrors(spec.resourceClaims ?? [], `${at}.resourceClaims`),
    ...containerErrors(spec, at, volumes.known),
    ...initContainerErrors(spec, at, volumes.known),
    ...ephemeralContainerErrors(spec, at, volumes.known),
    ...podResourceErrors(spec, `${at}.resources`),
    ...hostPortErrors(spec, at, { isPod }),
    ...choice(`${at}.restartPolicy`, spec.restartPolicy, RESTART_POLICIES),
    ...choice(`${at}.dnsPolicy`, spec.dnsPolicy, DNS_POLICIES),
    ...labelErrors(spec.nodeSelector, `${at}.nodeSelector`),
    ...podSecurityErrors(spec, `${at}.securityContext`),
    ...sharedProcessErrors(spec, at),
    ...affinityErrors(spec.affinity, `${at}.affinity`),
    ...dnsErrors(spec, `${at}.dnsConfig`),
    ...(spec.readinessGates ?? []).flatMap(({ conditionType = '' }, index) =>
      problemsAt(`${at}.readinessGates[${index}].conditionType`, conditionType, labelKeyProblems(conditionType)),
    ),
    ...gateErrors(spec, `${at}.schedulingGates`),
    ...spreadErrors(spec.topologySpreadConstraints ?? [], `${at}.topologySpreadConstraints`),
    ...hostProcessErrors(spec, at),
    ...hostUserErrors(spec, at),
    ...hostnameErrors(spec, `${at}.hostnameOverride`),
    ...nameErrors(spec, at),
    ...numberErrors(spec, at),
    ...tolerationErrors(spec.tolerations ?? [], `${at}.tolerations`),
    ...hostAliasErrors(spec, `${at}.hostAliases`),
    ...(spec.preemptionPolicy === undefined
      ? []
      : choice(`${at}.preemptionPolicy`, spec.preemptionPolicy, PREEMPTION_POLICIES)),
    ...overheadErrors(spec.overhead, `${at}.overhead`),
    ...operatingSystemErrors(spec, at),
    ...fileVolumeErrors(spec, at),
    ...(isPod ? podOnlyErrors(spec, at) : []),
  ]
}

/** What templates were once allowed to say. */
function podOnlyErrors(spec: PodSpec, at: string): FieldError[] {
  const errors = (['containers', 'initContainers'] as const).flatMap((list) =>
    (spec[list] ?? []).flatMap((container, index) => imageSpaceErrors(container, `${at}.${list}[${index}]`)),
  )
  if (spec.serviceAccountName) return errors
  for (const [index, { projected }] of (spec.volumes ?? []).entries()) {
    for (const [place, { serviceAccountToken }] of (projected?.sources ?? []).entries()) {
      if (!serviceAccountToken) continue
      const field = `${at}.volumes[${index}].projected.sources[${place}].serviceAccountToken`
      errors.push(fieldError.forbidden(field, 'must not be specified when serviceAccountName is not set'))
    }
  }
  return errors
}

function claimErrors(claims: readonly PodResourceClaim[], at: string): FieldError[] {
  type Claim = PodResourceClaim & { resourceClaimName?: string; resourceClaimTemplateName?: string }
  const names = new Set<string>()
  return (claims as Claim[]).flatMap((claim, index) => {
    const here = `${at}[${index}]`
    const { name, resourceClaimName, resourceClaimTemplateName } = claim
    // Upstream shows its own form, whose names are Go's.
    const [ofName, ofTemplate] = [resourceClaimName ?? null, resourceClaimTemplateName ?? null]
    const inGo = { Name: name ?? '', ResourceClaimName: ofName, ResourceClaimTemplateName: ofTemplate }
    const errors: FieldError[] = []
    if (!name) errors.push(fieldError.required(`${here}.name`))
    else if (names.has(name)) errors.push(fieldError.duplicate(`${here}.name`, name))
    else errors.push(...problemsAt(`${here}.name`, name, dnsLabelProblems(name)))
    names.add(name)
    const sources = Object.entries({ resourceClaimName, resourceClaimTemplateName }).filter(
      ([, of]) => of !== undefined,
    )
    if (sources.length > 1) {
      const why = 'at most one of `resourceClaimName` or `resourceClaimTemplateName` may be specified'
      errors.push(fieldError.invalid(here, inGo, why))
    } else if (sources.length === 0) {
      const why = 'must specify one of: `resourceClaimName`, `resourceClaimTemplateName`'
      errors.push(fieldError.invalid(here, inGo, why))
    }
    for (const [field, of = ''] of sources) errors.push(...problemsAt(`${here}.${field}`, of, dnsSubdomainProblems(of)))
    return errors
  })
}

function sharedProcessErrors({ shareProcessNamespace, hostPID }: PodSpec, at: string): FieldError[] {
  const why = 'ShareProcessNamespace and HostPID cannot both be enabled'
  return shareProcessNamespace && hostPID
    ? [fieldError.invalid(`${at}.securityContext.shareProcessNamespace`, true, why)]
    : []
}

function gateErrors({ schedulingGates = [] }: PodSpec, at: string): FieldError[] {
  const seen = new Set<string>()
  return schedulingGates.flatMap(({ name = '' }, index) => {
    const errors = problemsAt(`${at}[${index}]`, name, labelKeyProblems(name))
    if (seen.has(name)) errors.push(fieldError.duplicate(`${at}[${index}]`, name))
    seen.add(name)
    return errors
  })
}

function numberErrors(spec: PodSpec, at: string): FieldError[] {
  const errors: FieldError[] = []
  const { terminationGracePeriodSeconds: grace, activeDeadlineSeconds: deadline } = spec
  if (grace !== undefined && grace < 0) {
    errors.push(fieldError.invalid(`${at}.terminationGracePeriodSeconds`, grace, 'must be greater than or equal to 0'))
  }
  if (deadline !== undefined && (deadline < 1 || deadline > 2147483647)) {
    errors.push(
      fieldError.invalid(`${at}.activeDeadlineSeconds`, deadline, 'must be between 1 and 2147483647, inclusive'),
    )
  }
  return errors
}

function nameErrors(spec: PodSpec, at: string): FieldError[] {
  const check = (field: keyof PodSpec, problems: (value: string) => string[]): FieldError[] => {
    const value = spec[field]
    return typeof value === 'string' && value !== '' ? problemsAt(`${at}.${field}`, value, problems(value)) : []
  }
  return [
    ...check('serviceAccountName', dnsSubdomainProblems),
    ...check('nodeName', dnsSubdomainProblems),
    ...check('hostname', dnsLabelProblems),
    ...check('subdomain', dnsLabelProblems),
    ...check('priorityClassName', dnsSubdomainProblems),
    ...check('runtimeClassName', dnsSubdomainProblems),
  ]
}

export function tolerationErrors(tolerations: readonly Toleration[], at: string): FieldError[] {
  return tolerations.flatMap(({ key, operator = '', value = '', effect = '', tolerationSeconds }, index) => {
    const here = `${at}[${index}]`
    const errors = key ? problemsAt(`${here}.key`, key, labelKeyProblems(key)) : []
    if (!key && operator !== 'Exists') errors.push(fieldError.invalid(`${here}.operator`, operator, NEEDS_EXISTS))
    if (tolerationSeconds !== undefined && effect !== 'NoExecute') {
      const why = "effect must be 'NoExecute' when `tolerationSeconds` is set"
      errors.push(fieldError.invalid(`${here}.effect`, effect, why))
    }
    if (operator === 'Exists') {
      const why = "value must be empty when `operator` is 'Exists'"
      if (value) errors.push(fieldError.invalid(`${here}.operator`, value, why))
    } else if (operator === '' || operator === 'Equal') {
      const problems = labelValueProblems(value)
      if (problems.length > 0) errors.push(fieldError.invalid(`${here}.operator`, value, problems.join(';')))
    } else {
      // Whoever asks for more or less is told that there could be such: of taints that are compared, upstream has the words.
      const compared = operator === 'Lt' || operator === 'Gt' ? ['Lt', 'Gt'] : []
      errors.push(fieldError.notSupported(`${here}.operator`, operator, ['Equal', 'Exists', ...compared]))
    }
    return effect ? [...errors, ...oneOf(`${here}.effect`, effect, EFFECTS)] : errors
  })
}

const labelErrors = (labels: Record<string, string> | undefined, field: string): FieldError[] =>
  Object.entries(labels ?? {}).flatMap(([key, value]) => [
    ...problemsAt(field, key, labelKeyProblems(key)),
    ...problemsAt(field, value, labelValueProblems(value)),
  ])

/** A template of something that keeps pods running; `kind` is what Kubernetes calls it in messages. */
export function podTemplateErrors(template: PodTemplateSpec | undefined, at: string, kind: string): FieldError[] {
  const errors = templateErrors(template, at)
  const { restartPolicy } = template?.spec ?? {}
  if (restartPolicy && restartPolicy !== 'Always' && RESTART_POLICIES.includes(restartPolicy)) {
    errors.push(fieldError.notSupported(`${at}.spec.restartPolicy`, restartPolicy, ['Always']))
  }
  if (template?.spec?.activeDeadlineSeconds !== undefined) {
    const why = `activeDeadlineSeconds in ${kind} is not Supported`
    errors.push(fieldError.forbidden(`${at}.spec.activeDeadlineSeconds`, why))
  }
  return errors
}

/** A template of pods of any kind. */
export function templateErrors(template: PodTemplateSpec | undefined, at: string): FieldError[] {
  const annotations = template?.metadata?.annotations
  const spec = template?.spec as PodSpec | undefined
  const errors = [
    ...podSpecErrors(template?.spec, `${at}.spec`),
    ...templateLabelErrors(template, at),
    ...seccompAnnotationErrors(annotations, `${at}.annotations`),
    ...appArmorAnnotationErrors(annotations, spec, `${at}.annotations`),
    ...seccompMismatches(annotations, spec, `${at}.spec`),
    ...appArmorMismatches(annotations, spec, `${at}.spec`),
  ]
  return template?.spec?.ephemeralContainers?.length
    ? [
        ...errors,
        fieldError.forbidden(`${at}.spec.ephemeralContainers`, 'ephemeral containers not allowed in pod template'),
      ]
    : errors
}

const templateLabelErrors = (template: PodTemplateSpec | undefined, at: string): FieldError[] =>
  labelErrors(template?.metadata?.labels, `${at}.labels`)

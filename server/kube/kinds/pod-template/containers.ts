// What the containers of a pod must look like: those that do the work, those before them, and those that look in.
// Upstream: pkg/apis/core/validation validateContainers, validateInitContainers, validateEphemeralContainers.

import type { EphemeralContainer } from 'kubernetes-types/core/v1'
import { oneOf, problemsAt } from '../../apimachinery/field-checks.ts'
import { dnsLabelProblems, portNameProblems, portNumberProblems } from '../../apimachinery/names.ts'
import { type FieldError, fieldError } from '../../apimachinery/status-error.ts'
import { environmentErrors } from './environment.ts'
import { deviceErrors, mountErrors, type Volumes } from './mounts.ts'
import type { Container, PodSpec } from './newer-fields.ts'
import { takenPortErrors } from './pod-network.ts'
import { lifecycleErrors, probeErrors } from './probes-and-hooks.ts'
import { resourceErrors } from './resources.ts'
import { resizePolicyErrors, restartErrors } from './restart-rules.ts'
import { containerSecurityErrors } from './security-context.ts'

const PROTOCOLS = ['SCTP', 'TCP', 'UDP']
const PULL_POLICIES = ['Always', 'IfNotPresent', 'Never']
const MESSAGE_POLICIES = ['File', 'FallbackToLogsOnError']
const SIDECARS_ONLY = 'may not be set for init containers without restartPolicy=Always'
const FOR_WORKERS = ['livenessProbe', 'readinessProbe', 'startupProbe', 'lifecycle'] as const
const NOT_EPHEMERAL = [
  'ports',
  'resources',
  'resizePolicy',
  'restartPolicy',
  'restartPolicyRules',
  'livenessProbe',
  'readinessProbe',
  'startupProbe',
  'lifecycle',
] as const
const NOT_FOR_EPHEMERAL = 'cannot be set for an Ephemeral Container'

export function containerErrors(spec: PodSpec, at: string, volumes: Volumes): FieldError[] {
  const { containers = [] } = spec
  if (containers.length === 0) return [fieldError.required(`${at}.containers`)]
  const here = (index: number) => `${at}.containers[${index}]`
  const names = new Set<string>()
  return [
    ...containers.flatMap((container, index) => [
      ...commonErrors(container, here(index), spec, volumes),
      ...nameOnceErrors(container.name, here(index), names),
      ...lifecycleErrors(container, here(index), spec),
      ...probeErrors(container, here(index)),
      ...restartErrors(container, here(index)),
    ]),
    ...takenPortErrors(containers, here),
  ]
}

export function initContainerErrors(spec: PodSpec, at: string, volumes: Volumes): FieldError[] {
  const names = new Set(spec.containers?.map(({ name }) => name))
  return (spec.initContainers ?? []).flatMap((container, index) => {
    const here = `${at}.initContainers[${index}]`
    const errors = [
      ...commonErrors(container, here, spec, volumes),
      ...restartErrors(container, here),
      ...nameOnceErrors(container.name, here, names),
      ...takenPortErrors([container], () => here),
    ]
    if (container.restartPolicy === 'Always') {
      return [...errors, ...lifecycleErrors(container, here, spec), ...probeErrors(container, here)]
    }
    for (const field of FOR_WORKERS) {
      if (container[field]) errors.push(fieldError.forbidden(`${here}.${field}`, SIDECARS_ONLY))
    }
    for (const [place, { restartPolicy }] of (container.resizePolicy ?? []).entries()) {
      if (restartPolicy !== 'RestartContainer') continue
      const why = "must not be set to 'RestartContainer' for non-sidecar initContainers"
      errors.push(fieldError.invalid(`${here}.resizePolicy[${place}].restartPolicy`, restartPolicy, why))
    }
    return errors
  })
}

/** Added to a pod that runs, to look into it (`kubectl debug`): no ports, probes or promises. */
export function ephemeralContainerErrors(spec: PodSpec, at: string, volumes: Volumes): FieldError[] {
  const others = [...(spec.containers ?? []), ...(spec.initContainers ?? [])].map(({ name }) => name)
  const names = new Set(others)
  return (spec.ephemeralContainers ?? []).flatMap((ephemeral, index) => {
    const here = `${at}.ephemeralContainers[${index}]`
    const container = ephemeral as EphemeralContainer & Container
    const { targetContainerName: target, volumeMounts = [] } = container
    const errors = [
      ...commonErrors(container, here, spec, volumes),
      ...imageSpaceErrors(container, here),
      ...nameOnceErrors(container.name, here, names),
    ]
    if (target && !others.includes(target)) errors.push(fieldError.notFound(`${here}.targetContainerName`, target))
    for (const field of NOT_EPHEMERAL) {
      if (isGiven(container[field])) errors.push(fieldError.forbidden(`${here}.${field}`, NOT_FOR_EPHEMERAL))
    }
    for (const [place, mount] of volumeMounts.entries()) {
      for (const field of ['subPath', 'subPathExpr'] as const) {
        if (!mount[field]) continue
        errors.push(fieldError.forbidden(`${here}.volumeMounts[${place}].${field}`, NOT_FOR_EPHEMERAL))
      }
    }
    return errors
  })
}

const isGiven = (value: unknown): boolean =>
  value !== undefined && (typeof value !== 'object' || Object.keys(value ?? {}).length > 0)

/** Only of pods: templates that say so were once accepted. */
export function imageSpaceErrors({ image = '' }: Container, at: string): FieldError[] {
  return image === image.trim()
    ? []
    : [fieldError.invalid(`${at}.image`, image, 'must not have leading or trailing whitespace')]
}

function nameOnceErrors(name: string, at: string, names: Set<string>): FieldError[] {
  if (names.has(name)) return [fieldError.duplicate(`${at}.name`, name)]
  if (name) names.add(name)
  return []
}

function commonErrors(container: Container, at: string, spec: PodSpec, volumes: Volumes): FieldError[] {
  const { name, image, terminationMessagePolicy: messages, imagePullPolicy: pull } = container
  return [
    ...(name ? problemsAt(`${at}.name`, name, dnsLabelProblems(name)) : [fieldError.required(`${at}.name`)]),
    ...(image ? [] : [fieldError.required(`${at}.image`)]),
    ...choice(`${at}.terminationMessagePolicy`, messages, MESSAGE_POLICIES),
    ...portErrors(container, at),
    ...environmentErrors(container, at),
    ...mountErrors(container, at, volumes),
    ...deviceErrors(container, at, volumes),
    ...choice(`${at}.imagePullPolicy`, pull, PULL_POLICIES),
    ...resourceErrors(
      container.resources,
      `${at}.resources`,
      (spec.resourceClaims ?? []).map((claim) => claim.name),
    ),
    ...resizePolicyErrors(container, at, spec.restartPolicy),
    ...containerSecurityErrors(container.securityContext, `${at}.securityContext`, {
      hostUsers: spec.hostUsers !== false,
    }),
  ]
}

function portErrors({ ports = [] }: Container, at: string): FieldError[] {
  const names = new Set<string>()
  return ports.flatMap(({ name, containerPort, hostPort, protocol }, index) => {
    const here = `${at}.ports[${index}]`
    const errors: FieldError[] = []
    if (name) {
      const problems = portNameProblems(name)
      errors.push(...problemsAt(`${here}.name`, name, problems))
      if (problems.length === 0) errors.push(...nameOnceErrors(name, here, names))
    }
    if (!containerPort) errors.push(fieldError.required(`${here}.containerPort`))
    else errors.push(...problemsAt(`${here}.containerPort`, containerPort, portNumberProblems(containerPort)))
    if (hostPort) errors.push(...problemsAt(`${here}.hostPort`, hostPort, portNumberProblems(hostPort)))
    return [...errors, ...choice(`${here}.protocol`, protocol, PROTOCOLS)]
  })
}

export const choice = (field: string, value: string | undefined, supported: string[]): FieldError[] =>
  value ? oneOf(field, value, supported) : [fieldError.required(field)]

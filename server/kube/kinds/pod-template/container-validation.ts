// What a container must look like, in upstream's words. Upstream: kubernetes/pkg/apis/core/validation/validation.go.

import type { Container, PodSpec, Probe, ResourceRequirements } from 'kubernetes-types/core/v1'
import {
  dnsLabelProblems,
  envNameProblems,
  labelKeyProblems,
  portNameProblems,
  portNumberProblems,
} from '../../apimachinery/names.ts'
import { parseQuantity } from '../../apimachinery/quantity.ts'
import { type FieldError, fieldError } from '../../apimachinery/status-error.ts'

const PROTOCOLS = ['SCTP', 'TCP', 'UDP']
const PULL_POLICIES = ['Always', 'IfNotPresent', 'Never']
const MESSAGE_POLICIES = ['FallbackToLogsOnError', 'File']

export function containerErrors(
  containers: readonly Container[],
  at: string,
  told: { volumes: ReadonlySet<string>; names: Set<string>; isInit: boolean; spec: PodSpec },
): FieldError[] {
  return containers.flatMap((container, index) => oneContainerErrors(container, `${at}[${index}]`, told))
}

function oneContainerErrors(
  container: Container,
  at: string,
  { volumes, names, isInit }: { volumes: ReadonlySet<string>; names: Set<string>; isInit: boolean },
): FieldError[] {
  const errors: FieldError[] = []
  const { name = '', image = '' } = container
  if (!name) errors.push(fieldError.required(`${at}.name`))
  else {
    for (const problem of dnsLabelProblems(name)) errors.push(fieldError.invalid(`${at}.name`, name, problem))
    if (names.has(name)) errors.push(fieldError.duplicate(`${at}.name`, name))
    names.add(name)
  }
  if (!image) errors.push(fieldError.required(`${at}.image`))
  else if (image !== image.trim()) {
    errors.push(fieldError.invalid(`${at}.image`, image, 'must not have leading or trailing whitespace'))
  }
  errors.push(
    ...portErrors(container, at),
    ...envErrors(container, at),
    ...mountErrors(container, at, volumes),
    ...resourceErrors(container.resources ?? {}, `${at}.resources`),
  )
  if (container.imagePullPolicy && !PULL_POLICIES.includes(container.imagePullPolicy)) {
    errors.push(fieldError.notSupported(`${at}.imagePullPolicy`, container.imagePullPolicy, PULL_POLICIES))
  }
  if (container.terminationMessagePolicy && !MESSAGE_POLICIES.includes(container.terminationMessagePolicy)) {
    errors.push(
      fieldError.notSupported(`${at}.terminationMessagePolicy`, container.terminationMessagePolicy, MESSAGE_POLICIES),
    )
  }
  const isSidecar = isInit && container.restartPolicy === 'Always'
  for (const probe of ['livenessProbe', 'readinessProbe', 'startupProbe'] as const) {
    const given = container[probe]
    if (!given) continue
    if (isInit && !isSidecar) {
      errors.push(
        fieldError.forbidden(`${at}.${probe}`, 'may not be set for init containers without restartPolicy=Always'),
      )
    } else errors.push(...probeErrors(given, `${at}.${probe}`, probe))
  }
  if (isInit && container.lifecycle && !isSidecar) {
    errors.push(
      fieldError.forbidden(`${at}.lifecycle`, 'may not be set for init containers without restartPolicy=Always'),
    )
  }
  return errors
}

function portErrors({ ports = [] }: Container, at: string): FieldError[] {
  const errors: FieldError[] = []
  const names = new Set<string>()
  for (const [index, port] of ports.entries()) {
    const here = `${at}.ports[${index}]`
    if (port.name) {
      for (const problem of portNameProblems(port.name))
        errors.push(fieldError.invalid(`${here}.name`, port.name, problem))
      if (names.has(port.name)) errors.push(fieldError.duplicate(`${here}.name`, port.name))
      names.add(port.name)
    }
    if (!port.containerPort) errors.push(fieldError.required(`${here}.containerPort`))
    else {
      for (const problem of portNumberProblems(port.containerPort)) {
        errors.push(fieldError.invalid(`${here}.containerPort`, port.containerPort, problem))
      }
    }
    if (port.hostPort) {
      for (const problem of portNumberProblems(port.hostPort)) {
        errors.push(fieldError.invalid(`${here}.hostPort`, port.hostPort, problem))
      }
    }
    if (port.protocol && !PROTOCOLS.includes(port.protocol)) {
      errors.push(fieldError.notSupported(`${here}.protocol`, port.protocol, PROTOCOLS))
    }
  }
  return errors
}

function envErrors({ env = [], envFrom = [] }: Container, at: string): FieldError[] {
  const errors: FieldError[] = []
  for (const [index, variable] of env.entries()) {
    const here = `${at}.env[${index}]`
    if (!variable.name) errors.push(fieldError.required(`${here}.name`))
    else {
      for (const problem of envNameProblems(variable.name)) {
        errors.push(fieldError.invalid(`${here}.name`, variable.name, problem))
      }
    }
    if (!variable.valueFrom) continue
    const sources = Object.values(variable.valueFrom).filter((source) => source !== undefined).length
    if (sources === 0) {
      errors.push(
        fieldError.invalid(
          `${here}.valueFrom`,
          '',
          'must specify one of: `configMapKeyRef`, `fieldRef`, `fileKeyRef`, `resourceFieldRef` or `secretKeyRef`',
        ),
      )
    } else if (variable.value) {
      errors.push(fieldError.invalid(`${here}.valueFrom`, '', 'may not be specified when `value` is not empty'))
    } else if (sources > 1) {
      errors.push(fieldError.invalid(`${here}.valueFrom`, '', 'may not have more than one field specified at a time'))
    }
  }
  for (const [index, source] of envFrom.entries()) {
    const here = `${at}.envFrom[${index}]`
    if (!source.configMapRef && !source.secretRef) {
      errors.push(fieldError.invalid(here, '', 'must specify one of: `configMapRef` or `secretRef`'))
    } else if (source.configMapRef && source.secretRef) {
      errors.push(fieldError.invalid(here, '', 'may not have more than one field specified at a time'))
    }
  }
  return errors
}

function mountErrors({ volumeMounts = [] }: Container, at: string, volumes: ReadonlySet<string>): FieldError[] {
  const errors: FieldError[] = []
  const paths = new Set<string>()
  for (const [index, mount] of volumeMounts.entries()) {
    const here = `${at}.volumeMounts[${index}]`
    if (!mount.name) errors.push(fieldError.required(`${here}.name`))
    else if (!volumes.has(mount.name)) errors.push(fieldError.notFound(`${here}.name`, mount.name))
    if (!mount.mountPath) errors.push(fieldError.required(`${here}.mountPath`))
    else if (paths.has(mount.mountPath)) {
      errors.push(fieldError.invalid(`${here}.mountPath`, mount.mountPath, 'must be unique'))
    }
    paths.add(mount.mountPath)
    if (mount.subPath?.startsWith('/')) {
      errors.push(fieldError.invalid(`${here}.subPath`, mount.subPath, 'must be a relative path'))
    }
    if (mount.subPath?.split('/').includes('..')) {
      errors.push(fieldError.invalid(`${here}.subPath`, mount.subPath, "must not contain '..'"))
    }
  }
  return errors
}

const STANDARD = new Set(['cpu', 'memory', 'ephemeral-storage', 'storage'])

export function resourceErrors({ limits = {}, requests = {} }: ResourceRequirements, at: string): FieldError[] {
  const errors: FieldError[] = []
  for (const [list, amounts] of [
    ['limits', limits],
    ['requests', requests],
  ] as const) {
    for (const [name, amount] of Object.entries(amounts)) {
      const here = `${at}.${list}`
      for (const problem of labelKeyProblems(name)) errors.push(fieldError.invalid(here, name, problem))
      if (!name.includes('/') && !STANDARD.has(name) && !name.startsWith('hugepages-')) {
        errors.push(fieldError.invalid(here, name, 'must be a standard resource for containers'))
      }
      const quantity = parseQuantity(amount)
      if (quantity && quantity.nanos < 0n) {
        errors.push(fieldError.invalid(`${here}[${name}]`, String(amount), 'must be greater than or equal to 0'))
      }
    }
  }
  for (const [name, request] of Object.entries(requests)) {
    const limit = limits[name] === undefined ? undefined : parseQuantity(limits[name])
    const asked = parseQuantity(request)
    if (limit && asked && asked.compare(limit) > 0) {
      errors.push(
        fieldError.invalid(
          `${at}.requests`,
          String(request),
          `must be less than or equal to ${name} limit of ${limits[name]}`,
        ),
      )
    }
  }
  return errors
}

function probeErrors(probe: Probe, at: string, which: string): FieldError[] {
  const errors: FieldError[] = []
  const handlers = (['exec', 'httpGet', 'tcpSocket', 'grpc'] as const).filter((handler) => probe[handler] !== undefined)
  if (handlers.length === 0) errors.push(fieldError.required(at, 'must specify a handler type'))
  for (const handler of handlers.slice(1)) {
    errors.push(fieldError.forbidden(`${at}.${handler}`, 'may not specify more than 1 handler type'))
  }
  if (probe.exec && !probe.exec.command?.length) errors.push(fieldError.required(`${at}.exec.command`))
  for (const handler of ['httpGet', 'tcpSocket'] as const) {
    const port = probe[handler]?.port
    if (typeof port === 'number') {
      for (const problem of portNumberProblems(port))
        errors.push(fieldError.invalid(`${at}.${handler}.port`, port, problem))
    } else if (typeof port === 'string') {
      for (const problem of portNameProblems(port))
        errors.push(fieldError.invalid(`${at}.${handler}.port`, port, problem))
    }
  }
  for (const field of [
    'initialDelaySeconds',
    'timeoutSeconds',
    'periodSeconds',
    'successThreshold',
    'failureThreshold',
  ] as const) {
    const value = probe[field]
    if (value !== undefined && value < 0) {
      errors.push(fieldError.invalid(`${at}.${field}`, value, 'must be greater than or equal to 0'))
    }
  }
  if (which !== 'readinessProbe' && (probe.successThreshold ?? 1) !== 1) {
    errors.push(fieldError.invalid(`${at}.successThreshold`, probe.successThreshold, 'must be 1'))
  }
  return errors
}

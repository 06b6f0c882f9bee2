// How a container is asked whether it is well, and what is done when it starts and before it stops.
// Upstream: pkg/apis/core/validation validateProbe, validateLifecycle, validateHandler.

import type { HTTPGetAction, LifecycleHandler, Probe } from 'kubernetes-types/core/v1'
import { notNegative, oneOf, problemsAt } from '../../apimachinery/field-checks.ts'
import { httpHeaderProblems, portNameProblems, portNumberProblems } from '../../apimachinery/names.ts'
import { type FieldError, fieldError } from '../../apimachinery/status-error.ts'
import type { Container, PodSpec } from './newer-fields.ts'

const SECONDS = [
  'initialDelaySeconds',
  'timeoutSeconds',
  'periodSeconds',
  'successThreshold',
  'failureThreshold',
] as const

const SIGNALS = [
  ...'ABRT ALRM BUS CHLD CLD CONT FPE HUP ILL INT IO IOT KILL PIPE POLL PROF PWR QUIT RTMAX'.split(' '),
  ...Array.from({ length: 14 }, (_, index) => `RTMAX-${index + 1}`),
  'RTMIN',
  ...Array.from({ length: 15 }, (_, index) => `RTMIN+${index + 1}`),
  ...'SEGV STKFLT STOP SYS TERM TRAP TSTP TTIN TTOU URG USR1 USR2 VTALRM WINCH XCPU XFSZ'.split(' '),
]
  .map((name) => `SIG${name}`)
  .sort()

export function probeErrors(container: Container, at: string): FieldError[] {
  const { livenessProbe, readinessProbe, startupProbe } = container
  const errors: FieldError[] = []
  for (const [name, probe] of Object.entries({ livenessProbe, readinessProbe, startupProbe })) {
    if (!probe) continue
    errors.push(...oneProbeErrors(probe, `${at}.${name}`))
    const { successThreshold = 0, terminationGracePeriodSeconds: grace } = probe
    if (name !== 'readinessProbe') {
      if (successThreshold !== 1) {
        errors.push(fieldError.invalid(`${at}.${name}.successThreshold`, successThreshold, 'must be 1'))
      }
    } else if (grace !== undefined) {
      const field = `${at}.${name}.terminationGracePeriodSeconds`
      errors.push(fieldError.invalid(field, grace, 'must not be set for readinessProbes'))
    }
  }
  return errors
}

function oneProbeErrors(probe: Probe, at: string): FieldError[] {
  const errors = handlerErrors(probe, at)
  for (const field of SECONDS) errors.push(...notNegative(`${at}.${field}`, probe[field]))
  const grace = probe.terminationGracePeriodSeconds
  return grace !== undefined && grace <= 0
    ? [...errors, fieldError.invalid(`${at}.terminationGracePeriodSeconds`, grace, 'must be greater than 0')]
    : errors
}

export function lifecycleErrors({ lifecycle }: Container, at: string, spec: PodSpec): FieldError[] {
  const { postStart, preStop, stopSignal } = lifecycle ?? {}
  const grace = spec.terminationGracePeriodSeconds
  return [
    ...(postStart ? handlerErrors(postStart, `${at}.lifecycle.postStart`, grace) : []),
    ...(preStop ? handlerErrors(preStop, `${at}.lifecycle.preStop`, grace) : []),
    ...(stopSignal === undefined ? [] : signalErrors(stopSignal, `${at}.lifecycle.stopSignal`, spec.os?.name)),
  ]
}

function signalErrors(signal: string, field: string, os: string | undefined): FieldError[] {
  if (!os) return [fieldError.forbidden(field, 'may not be set for containers with empty `spec.os.name`')]
  if (os === 'windows') return oneOf(field, signal, ['SIGKILL', 'SIGTERM'])
  return os === 'linux' ? oneOf(field, signal, SIGNALS) : []
}

type Handler = Pick<Probe, 'exec' | 'httpGet' | 'tcpSocket' | 'grpc'> & Pick<LifecycleHandler, 'sleep'>

function handlerErrors(handler: Handler, at: string, grace?: number): FieldError[] {
  const given = (['exec', 'httpGet', 'tcpSocket', 'grpc', 'sleep'] as const).filter((type) => handler[type])
  const [first, ...more] = given
  if (!first) return [fieldError.required(at, 'must specify a handler type')]
  return [
    ...actionErrors({ [first]: handler[first] }, `${at}.${first}`, grace),
    ...more.map((type) => fieldError.forbidden(`${at}.${type}`, 'may not specify more than 1 handler type')),
  ]
}

function actionErrors({ exec, httpGet, tcpSocket, grpc, sleep }: Handler, at: string, grace?: number): FieldError[] {
  if (exec) return exec.command?.length ? [] : [fieldError.required(`${at}.command`)]
  if (httpGet) return httpErrors(httpGet, at)
  if (tcpSocket) return portErrors(tcpSocket.port, `${at}.port`)
  if (grpc) return portErrors(grpc.port, `${at}.port`)
  const { seconds = 0 } = sleep ?? {}
  if (grace === undefined || (seconds >= 0 && seconds <= grace)) return []
  return [
    fieldError.invalid(at, seconds, `must be non-negative and less than terminationGracePeriodSeconds (${grace})`),
  ]
}

function httpErrors({ path, port, scheme, httpHeaders = [] }: HTTPGetAction, at: string): FieldError[] {
  return [
    ...(path ? [] : [fieldError.required(`${at}.path`)]),
    ...portErrors(port, `${at}.port`),
    ...oneOf(`${at}.scheme`, scheme, ['HTTP', 'HTTPS']),
    ...httpHeaders.flatMap(({ name = '' }) => problemsAt(`${at}.httpHeaders`, name, httpHeaderProblems(name))),
  ]
}

const portErrors = (port: number | string | undefined, field: string): FieldError[] =>
  typeof port === 'string'
    ? problemsAt(field, port, portNameProblems(port))
    : problemsAt(field, port ?? 0, portNumberProblems(port ?? 0))

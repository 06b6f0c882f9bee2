// What a pod must look like, as itself and as a template. Upstream: kubernetes/pkg/apis/core/validation/validation.go.

import type { PodSpec, PodTemplateSpec, Toleration, Volume } from 'kubernetes-types/core/v1'
import {
  dnsLabelProblems,
  dnsSubdomainProblems,
  labelKeyProblems,
  labelValueProblems,
} from '../../apimachinery/names.ts'
import { type FieldError, fieldError } from '../../apimachinery/status-error.ts'
import { containerErrors } from './container-validation.ts'

const RESTART_POLICIES = ['Always', 'OnFailure', 'Never']
const DNS_POLICIES = ['ClusterFirstWithHostNet', 'ClusterFirst', 'Default', 'None']
const EFFECTS = ['NoSchedule', 'PreferNoSchedule', 'NoExecute']

export function podSpecErrors(spec: PodSpec | undefined, at: string): FieldError[] {
  if (!spec) return [fieldError.required(`${at}.containers`)]
  const errors: FieldError[] = []
  const volumes = new Set<string>()
  errors.push(...volumeErrors(spec.volumes ?? [], `${at}.volumes`, volumes))
  const names = new Set<string>()
  if (!spec.containers?.length) errors.push(fieldError.required(`${at}.containers`))
  errors.push(
    ...containerErrors(spec.containers ?? [], `${at}.containers`, { volumes, names, isInit: false, spec }),
    ...containerErrors(spec.initContainers ?? [], `${at}.initContainers`, { volumes, names, isInit: true, spec }),
  )
  const oneOf = (field: 'restartPolicy' | 'dnsPolicy', supported: string[]) => {
    const value = spec[field]
    if (!value) errors.push(fieldError.required(`${at}.${field}`))
    else if (!supported.includes(value)) errors.push(fieldError.notSupported(`${at}.${field}`, value, supported))
  }
  oneOf('restartPolicy', RESTART_POLICIES)
  oneOf('dnsPolicy', DNS_POLICIES)
  errors.push(...numberErrors(spec, at), ...nameErrors(spec, at))
  for (const [key, value] of Object.entries(spec.nodeSelector ?? {})) {
    for (const problem of labelKeyProblems(key)) errors.push(fieldError.invalid(`${at}.nodeSelector`, key, problem))
    for (const problem of labelValueProblems(value))
      errors.push(fieldError.invalid(`${at}.nodeSelector`, value, problem))
  }
  errors.push(...tolerationErrors(spec.tolerations ?? [], `${at}.tolerations`))
  if (spec.hostNetwork) errors.push(...hostPortErrors(spec, at))
  return errors
}

function numberErrors(spec: PodSpec, at: string): FieldError[] {
  const errors: FieldError[] = []
  const { terminationGracePeriodSeconds: grace, activeDeadlineSeconds: deadline } = spec
  if (grace !== undefined && grace < 0) {
    errors.push(fieldError.invalid(`${at}.terminationGracePeriodSeconds`, grace, 'must be greater than or equal to 0'))
  }
  if (deadline !== undefined && deadline < 1) {
    errors.push(
      fieldError.invalid(`${at}.activeDeadlineSeconds`, deadline, 'must be between 1 and 2147483647, inclusive'),
    )
  }
  return errors
}

function nameErrors(spec: PodSpec, at: string): FieldError[] {
  const errors: FieldError[] = []
  const check = (field: keyof PodSpec, problems: (value: string) => string[]) => {
    const value = spec[field]
    if (typeof value !== 'string' || value === '') return
    for (const problem of problems(value)) errors.push(fieldError.invalid(`${at}.${field}`, value, problem))
  }
  check('nodeName', dnsSubdomainProblems)
  check('serviceAccountName', dnsSubdomainProblems)
  check('hostname', dnsLabelProblems)
  check('subdomain', dnsLabelProblems)
  check('schedulerName', dnsSubdomainProblems)
  check('priorityClassName', dnsSubdomainProblems)
  return errors
}

function hostPortErrors(spec: PodSpec, at: string): FieldError[] {
  return (spec.containers ?? []).flatMap((container, index) =>
    (container.ports ?? []).flatMap((port, portIndex) =>
      port.hostPort !== undefined && port.hostPort !== port.containerPort
        ? [
            fieldError.invalid(
              `${at}.containers[${index}].ports[${portIndex}].containerPort`,
              port.containerPort,
              'must match `hostPort` when `hostNetwork` is true',
            ),
          ]
        : [],
    ),
  )
}

function volumeErrors(volumes: readonly Volume[], at: string, names: Set<string>): FieldError[] {
  const errors: FieldError[] = []
  for (const [index, volume] of volumes.entries()) {
    const here = `${at}[${index}]`
    const { name, ...sources } = volume
    if (!name) errors.push(fieldError.required(`${here}.name`))
    else {
      for (const problem of dnsLabelProblems(name)) errors.push(fieldError.invalid(`${here}.name`, name, problem))
      if (names.has(name)) errors.push(fieldError.duplicate(`${here}.name`, name))
      names.add(name)
    }
    const [first, ...more] = Object.keys(sources)
    if (!first) errors.push(fieldError.required(here, 'must specify a volume type'))
    for (const extra of more) {
      errors.push(fieldError.forbidden(`${here}.${extra}`, 'may not specify more than 1 volume type'))
    }
    if (volume.secret && !volume.secret.secretName) errors.push(fieldError.required(`${here}.secret.secretName`))
    if (volume.configMap && !volume.configMap.name) errors.push(fieldError.required(`${here}.configMap.name`))
    if (volume.hostPath && !volume.hostPath.path) errors.push(fieldError.required(`${here}.hostPath.path`))
    if (volume.persistentVolumeClaim && !volume.persistentVolumeClaim.claimName) {
      errors.push(fieldError.required(`${here}.persistentVolumeClaim.claimName`))
    }
  }
  return errors
}

export function tolerationErrors(tolerations: readonly Toleration[], at: string): FieldError[] {
  const errors: FieldError[] = []
  for (const [index, { key, operator, value, effect, tolerationSeconds }] of tolerations.entries()) {
    const here = `${at}[${index}]`
    if (key) for (const problem of labelKeyProblems(key)) errors.push(fieldError.invalid(`${here}.key`, key, problem))
    if (!key && operator !== 'Exists') {
      errors.push(
        fieldError.invalid(
          `${here}.operator`,
          operator ?? '',
          'operator must be Exists when `key` is empty, which means "match all values and all keys"',
        ),
      )
    }
    if (operator && operator !== 'Exists' && operator !== 'Equal') {
      errors.push(fieldError.notSupported(`${here}.operator`, operator, ['Equal', 'Exists']))
    }
    if (operator === 'Exists' && value) {
      errors.push(
        fieldError.invalid(
          `${here}.operator`,
          { key, operator, value },
          "value must be empty when `operator` is 'Exists'",
        ),
      )
    }
    if (effect && !EFFECTS.includes(effect)) errors.push(fieldError.notSupported(`${here}.effect`, effect, EFFECTS))
    if (tolerationSeconds !== undefined && effect !== 'NoExecute') {
      errors.push(
        fieldError.invalid(
          `${here}.effect`,
          effect ?? '',
          "effect must be 'NoExecute' when `tolerationSeconds` is set",
        ),
      )
    }
  }
  return errors
}

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
  return [...podSpecErrors(template?.spec, `${at}.spec`), ...templateLabelErrors(template, at)]
}

export function templateLabelErrors(template: PodTemplateSpec | undefined, at: string): FieldError[] {
  return Object.entries(template?.metadata?.labels ?? {}).flatMap(([key, value]) => [
    ...labelKeyProblems(key).map((problem) => fieldError.invalid(`${at}.labels`, key, problem)),
    ...labelValueProblems(value).map((problem) => fieldError.invalid(`${at}.labels`, value, problem)),
  ])
}

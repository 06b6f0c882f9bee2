// Where a PersistentVolume's bytes are: exactly one of many kinds of places. Upstream: pkg/apis/core/validation
// ValidatePersistentVolumeSpec and the validate…PersistentVolumeSource functions.

import type { PersistentVolumeSpec, SecretReference } from 'kubernetes-types/core/v1'
import { problemsAt } from '../../apimachinery/field-checks.ts'
import { dnsLabelProblems, dnsSubdomainProblems } from '../../apimachinery/names.ts'
import { type FieldError, fieldError } from '../../apimachinery/status-error.ts'
import { nodeSelectorErrors } from '../pod-template/node-selector.ts'
import { driverNameErrors } from './csi-names.ts'
import { withoutBacksteps } from './paths.ts'
import { iscsiErrors, requiredFields, SHARED_SOURCES, type SourceChecks } from './volume-sources.ts'

/** All fields of a spec that are no place. */
const OTHER_FIELDS = new Set([
  'accessModes',
  'capacity',
  'claimRef',
  'mountOptions',
  'nodeAffinity',
  'persistentVolumeReclaimPolicy',
  'storageClassName',
  'volumeAttributesClassName',
  'volumeMode',
])

/** In upstream's order, in which the second one is the one too many. */
const SOURCES = [
  'hostPath gcePersistentDisk awsElasticBlockStore glusterfs flocker nfs rbd quobyte cephfs iscsi cinder fc',
  'flexVolume azureFile vsphereVolume photonPersistentDisk portworxVolume azureDisk scaleIO local storageos csi',
].flatMap((line) => line.split(' ')) as (keyof PersistentVolumeSpec)[]

/** What a volume says of its place that a pod does not: in which namespace secrets and endpoints are. */
const OWN_SOURCES: SourceChecks<PersistentVolumeSpec> = {
  glusterfs(source, at) {
    const errors = requiredFields(source, at, ['endpoints', 'path'])
    const { endpointsNamespace: namespace } = source
    if (namespace === undefined) return errors
    const why = ['if the endpointnamespace is set, it must be a valid namespace name']
    const problems = namespace ? dnsLabelProblems(namespace) : why
    return [...errors, ...problemsAt(`${at}.endpointsNamespace`, namespace, problems)]
  },
  iscsi: (source, at) => [
    ...iscsiErrors(source, at, 'must be valid format'),
    ...(source.secretRef ? requiredFields(source.secretRef, `${at}.secretRef`, ['name']) : []),
  ],
  cinder: (source, at) => [
    ...requiredFields(source, at, ['volumeID']),
    ...(source.secretRef ? requiredFields(source.secretRef, `${at}.secretRef`, ['name', 'namespace']) : []),
  ],
  azureFile: (source, at) => [
    ...requiredFields(source, at, ['secretName', 'shareName']),
    ...(source.secretNamespace === '' ? [fieldError.required(`${at}.secretNamespace`)] : []),
  ],
  storageos: (source, at) => [
    ...(SHARED_SOURCES.storageos?.(source, at) ?? []),
    ...(source.secretRef ? requiredFields(source.secretRef, `${at}.secretRef`, ['namespace']) : []),
  ],
  local: ({ path }, at) => (path ? withoutBacksteps(`${at}.path`, path) : [fieldError.required(`${at}.path`)]),
  csi: (source, at) => [
    ...driverNameErrors(`${at}.driver`, source.driver),
    ...requiredFields(source, at, ['volumeHandle']),
    ...(
      [
        'controllerPublishSecretRef',
        'controllerExpandSecretRef',
        'nodePublishSecretRef',
        'nodeExpandSecretRef',
      ] as const
    ).flatMap((field) => secretErrors(source[field], `${at}.${field}`)),
  ],
}

export const volumeSourceOf = (spec: PersistentVolumeSpec | undefined): Record<string, unknown> =>
  Object.fromEntries(
    Object.entries(spec ?? {}).filter(([field, value]) => !OTHER_FIELDS.has(field) && value !== undefined),
  )

export function volumeSourceErrors(spec: PersistentVolumeSpec, at: string): FieldError[] {
  const [first, ...more] = SOURCES.filter((source) => spec[source] !== undefined)
  if (!first) return [...affinityErrors(spec, at), fieldError.required(at, 'must specify a volume type')]
  const checks = { ...SHARED_SOURCES, ...OWN_SOURCES } as Record<string, (source: unknown, at: string) => FieldError[]>
  return [
    ...more.map((other) => fieldError.forbidden(`${at}.${other}`, 'may not specify more than 1 volume type')),
    ...(checks[first]?.(spec[first], `${at}.${first}`) ?? []),
    ...affinityErrors(spec, at),
  ]
}

function secretErrors(secret: SecretReference | undefined, at: string): FieldError[] {
  if (!secret) return []
  const { name, namespace } = secret
  const errors = requiredFields(secret, at, ['name', 'namespace'])
  if (name) errors.push(...problemsAt(`${at}.name`, name, dnsSubdomainProblems(name)))
  if (namespace) errors.push(...problemsAt(`${at}.namespace`, namespace, dnsLabelProblems(namespace)))
  return errors
}

function affinityErrors({ nodeAffinity, local }: PersistentVolumeSpec, at: string): FieldError[] {
  const field = `${at}.nodeAffinity`
  if (!nodeAffinity) return local ? [fieldError.required(field, 'Local volume requires node affinity')] : []
  const { required } = nodeAffinity
  if (!required) return [fieldError.required(`${field}.required`, 'must specify required node constraints')]
  return nodeSelectorErrors(required, `${field}.required`)
}

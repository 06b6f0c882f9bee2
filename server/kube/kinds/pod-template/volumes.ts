// The volumes of a pod: each has a name and exactly one source. Upstream: pkg/apis/core/validation ValidateVolumes,
// validateVolumeSource.

import type { EphemeralVolumeSource } from 'kubernetes-types/core/v1'
import { oneOf, problemsAt } from '../../apimachinery/field-checks.ts'
import { dnsLabelProblems, dnsSubdomainProblems } from '../../apimachinery/names.ts'
import { quantityOf } from '../../apimachinery/quantity.ts'
import { type FieldError, fieldError } from '../../apimachinery/status-error.ts'
import { claimSpecErrors } from '../persistent-volume-claim.ts'
import { driverNameErrors } from '../storage/csi-names.ts'
import { descendingPath } from '../storage/paths.ts'
import { requiredFields, SHARED_SOURCES, type SourceChecks } from '../storage/volume-sources.ts'
import type { Volumes } from './mounts.ts'
import type { Volume } from './newer-fields.ts'
import { downwardFileErrors, itemErrors, modeErrors, projectedErrors } from './projected-files.ts'
import { templateMetadataErrors } from './template-metadata.ts'

const PULL_POLICIES = ['Always', 'IfNotPresent', 'Never']
const LONGEST_PORTAL = 64
/** In upstream's order, in which the second one is the one too many. */
const SOURCES = [
  'emptyDir hostPath gitRepo gcePersistentDisk awsElasticBlockStore secret nfs iscsi glusterfs flocker',
  'persistentVolumeClaim rbd cinder cephfs quobyte downwardAPI fc flexVolume configMap azureFile vsphereVolume',
  'photonPersistentDisk portworxVolume azureDisk storageos projected scaleIO csi ephemeral image',
].flatMap((line) => line.split(' ')) as (keyof Volume)[]
/** Two names that upstream misspells in one message. */
const SAID: Partial<Record<keyof Volume, string>> = { cephfs: 'cephFS', downwardAPI: 'downwarAPI' }

export interface VolumesTold {
  /** The pod's, when it is known: claims of ephemeral volumes are named after it. */
  podName: string | undefined
  isPod: boolean
}

export function volumeErrors(volumes: readonly Volume[], at: string, told: VolumesTold) {
  const known = new Map<string, Volume>()
  const own = new Set(volumes.filter(({ ephemeral }) => ephemeral).map(({ name }) => `${told.podName}-${name}`))
  const errors = volumes.flatMap((volume, index) => {
    const here = `${at}[${index}]`
    const { name, persistentVolumeClaim: claim } = volume
    const found = sourceErrors(volume, here, told)
    if (!name) found.push(fieldError.required(`${here}.name`))
    else found.push(...problemsAt(`${here}.name`, name, dnsLabelProblems(name)))
    if (known.has(name)) found.push(fieldError.duplicate(`${here}.name`, name))
    if (found.length === 0) known.set(name, volume)
    if (claim && told.podName && own.has(claim.claimName)) {
      const why = 'must not reference a PVC that gets created for an ephemeral volume'
      found.push(fieldError.invalid(`${here}.persistentVolumeClaim.claimName`, claim.claimName, why))
    }
    return found
  })
  return { errors, known: known as Volumes }
}

function sourceErrors(volume: Volume, at: string, told: VolumesTold): FieldError[] {
  const [first, ...more] = SOURCES.filter((source) => volume[source] !== undefined)
  if (!first) return [fieldError.required(at, 'must specify a volume type')]
  const checks = { ...SHARED_SOURCES, ...OWN_SOURCES } as Record<string, (source: unknown, at: string) => FieldError[]>
  const errors = checks[first]?.(volume[first], `${at}.${first}`) ?? []
  if (volume.iscsi?.initiatorName && `${volume.name}:${volume.iscsi.targetPortal}`.length > LONGEST_PORTAL) {
    errors.push(fieldError.invalid(`${at}.name`, volume.name, PORTAL_TOO_LONG))
  }
  if (first === 'ephemeral' && told.podName && volume.name) {
    const claim = `${told.podName}-${volume.name}`
    for (const problem of dnsSubdomainProblems(claim)) {
      errors.push(fieldError.invalid(`${at}.name`, volume.name, `PVC name ${JSON.stringify(claim)}: ${problem}`))
    }
  }
  if (first === 'image' && told.isPod && !volume.image?.reference) {
    errors.unshift(fieldError.required(`${at}.image.reference`))
  }
  for (const source of more) {
    errors.push(fieldError.forbidden(`${at}.${SAID[source] ?? source}`, 'may not specify more than 1 volume type'))
  }
  return errors
}

const PORTAL_TOO_LONG =
  'Total length of <volume name>:<iscsi.targetPortal> must be under 64 characters if iscsi.initiatorName is specified.'

/** What only pods can have. */
const OWN_SOURCES: SourceChecks<Volume> = {
  emptyDir: ({ sizeLimit }, at) =>
    quantityOf(sizeLimit).nanos < 0n
      ? [fieldError.forbidden(`${at}.sizeLimit`, 'SizeLimit field must be a valid resource quantity')]
      : [],
  gitRepo: (source, at) => [
    ...requiredFields(source, at, ['repository']),
    ...descendingPath(`${at}.directory`, source.directory ?? ''),
  ],
  secret: ({ secretName, defaultMode, items }, at) => [
    ...(secretName ? [] : [fieldError.required(`${at}.secretName`)]),
    ...modeErrors(`${at}.defaultMode`, defaultMode),
    ...itemErrors(items, at),
  ],
  configMap: ({ name, defaultMode, items }, at) => [
    ...(name ? [] : [fieldError.required(`${at}.name`)]),
    ...modeErrors(`${at}.defaultMode`, defaultMode),
    ...itemErrors(items, at),
  ],
  downwardAPI: ({ defaultMode, items }, at) => [
    ...modeErrors(`${at}.defaultMode`, defaultMode),
    ...downwardFileErrors(items, at),
  ],
  projected: projectedErrors,
  persistentVolumeClaim: (source, at) => requiredFields(source, at, ['claimName']),
  csi({ driver, nodePublishSecretRef: secret }, at) {
    const errors = driverNameErrors(`${at}.driver`, driver)
    if (!secret) return errors
    const { name } = secret
    return name
      ? [...errors, ...problemsAt(`${at}.name`, name, dnsSubdomainProblems(name))]
      : [...errors, fieldError.required(`${at}.nodePublishSecretRef.name`)]
  },
  ephemeral: ephemeralErrors,
  image: ({ pullPolicy }, at) =>
    pullPolicy ? oneOf(`${at}.pullPolicy`, pullPolicy, PULL_POLICIES) : [fieldError.required(`${at}.pullPolicy`)],
}

function ephemeralErrors({ volumeClaimTemplate: template }: EphemeralVolumeSource, at: string): FieldError[] {
  const here = `${at}.volumeClaimTemplate`
  if (!template) return [fieldError.required(here)]
  return [
    ...templateMetadataErrors(template.metadata, `${here}.metadata`),
    ...claimSpecErrors(template.spec, `${here}.spec`),
  ]
}

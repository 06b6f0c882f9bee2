// Volumes of files that the kubelet writes: from ConfigMaps, Secrets, the pod itself, tokens, or all of these together.
// Upstream: pkg/apis/core/validation validateSecretVolumeSource, validateDownwardAPIVolumeSource, validateProjectionSources.

import type {
  ClusterTrustBundleProjection,
  DownwardAPIVolumeFile,
  KeyToPath,
  ProjectedVolumeSource,
  ServiceAccountTokenProjection,
  VolumeProjection,
} from 'kubernetes-types/core/v1'
import { type LabelSelector, labelSelectorErrors } from '../../apimachinery/label-selector.ts'
import { dnsSubdomainProblems } from '../../apimachinery/names.ts'
import { type FieldError, fieldError } from '../../apimachinery/status-error.ts'
import { signerNameErrors } from '../certificates/signer-name.ts'
import { unreservedPath } from '../storage/paths.ts'
import { fieldReferenceErrors, resourceReferenceErrors } from './field-references.ts'

const FIELDS = ['metadata.annotations', 'metadata.labels', 'metadata.name', 'metadata.namespace', 'metadata.uid']
const MOST_MODE = 0o777
const SHORTEST_TOKEN = 600
const LONGEST_TOKEN = 2 ** 32
const TWICE = 'conflicting duplicate paths'

export function modeErrors(field: string, mode: number | undefined): FieldError[] {
  return mode !== undefined && (mode < 0 || mode > MOST_MODE)
    ? [fieldError.invalid(field, mode, 'must be a number between 0 and 0777 (octal), both inclusive')]
    : []
}

export function itemErrors(items: readonly KeyToPath[] | undefined, at: string): FieldError[] {
  return (items ?? []).flatMap(({ key, path = '', mode }, index) => {
    const here = `${at}.items[${index}]`
    return [
      ...(key ? [] : [fieldError.required(`${here}.key`)]),
      ...(path ? [] : [fieldError.required(`${here}.path`)]),
      ...unreservedPath(`${here}.path`, path),
      ...modeErrors(`${here}.mode`, mode),
    ]
  })
}

/** Upstream tells these of the whole source, whichever file it is. */
export function downwardFileErrors(files: readonly DownwardAPIVolumeFile[] | undefined, at: string): FieldError[] {
  return (files ?? []).flatMap(({ path = '', fieldRef, resourceFieldRef, mode }) => {
    const errors = path ? [] : [fieldError.required(`${at}.path`)]
    errors.push(...unreservedPath(`${at}.path`, path))
    if (fieldRef) {
      errors.push(...fieldReferenceErrors(fieldRef, `${at}.fieldRef`, FIELDS))
      if (resourceFieldRef) {
        const why = 'fieldRef and resourceFieldRef can not be specified simultaneously'
        errors.push(fieldError.invalid(at, 'resource', why))
      }
    } else if (resourceFieldRef) {
      errors.push(...resourceReferenceErrors(resourceFieldRef, `${at}.resourceFieldRef`, { inVolume: true }))
    } else errors.push(fieldError.required(at, 'one of fieldRef and resourceFieldRef is required'))
    return [...errors, ...modeErrors(`${at}.mode`, mode)]
  })
}

export function projectedErrors({ defaultMode, sources = [] }: ProjectedVolumeSource, at: string): FieldError[] {
  const paths = new Set<string>()
  /** Told with the name of the source, where it has one. */
  const once = (path: string, name = path): FieldError[] => {
    if (paths.has(path)) return [fieldError.invalid(at, name, TWICE)]
    if (path) paths.add(path)
    return []
  }
  return [
    ...modeErrors(`${at}.defaultMode`, defaultMode),
    ...sources.flatMap((source, index) => sourceErrors(source, `${at}.sources[${index}]`, at, once)),
  ]
}

type Once = (path: string, name?: string) => FieldError[]

function sourceErrors(source: VolumeProjection, here: string, at: string, once: Once): FieldError[] {
  const errors: FieldError[] = []
  const { secret, configMap, downwardAPI, serviceAccountToken, clusterTrustBundle } = source
  for (const [type, of] of Object.entries({ secret, configMap })) {
    if (!of) continue
    if (!of.name) errors.push(fieldError.required(`${here}.${type}.name`))
    errors.push(...itemErrors(of.items, `${here}.${type}`))
    for (const { path } of of.items ?? []) errors.push(...once(path, of.name ?? ''))
  }
  if (downwardAPI) {
    errors.push(...downwardFileErrors(downwardAPI.items, `${here}.downwardAPI`))
    for (const { path } of downwardAPI.items ?? []) errors.push(...once(path))
  }
  if (serviceAccountToken) errors.push(...tokenErrors(serviceAccountToken, `${here}.serviceAccountToken`, at))
  if (clusterTrustBundle) {
    errors.push(...bundleErrors(clusterTrustBundle, `${here}.clusterTrustBundle`), ...once(clusterTrustBundle.path))
  }
  return Object.values(source).filter((of) => of !== undefined).length > 1
    ? [...errors, fieldError.forbidden(here, 'may not specify more than 1 volume type per source')]
    : errors
}

function tokenErrors(token: ServiceAccountTokenProjection, here: string, at: string): FieldError[] {
  const { expirationSeconds: seconds = 0, path } = token
  const errors: FieldError[] = []
  if (seconds < SHORTEST_TOKEN) {
    const why = 'may not specify a duration less than 10 minutes'
    errors.push(fieldError.invalid(`${here}.expirationSeconds`, seconds, why))
  }
  if (seconds > LONGEST_TOKEN) {
    const why = 'may not specify a duration larger than 2^32 seconds'
    errors.push(fieldError.invalid(`${here}.expirationSeconds`, seconds, why))
  }
  // Upstream tells the path of the volume, not of the source.
  return [...errors, ...(path ? unreservedPath(`${at}.path`, path) : [fieldError.required(`${at}.path`)])]
}

function bundleErrors(bundle: ClusterTrustBundleProjection, at: string): FieldError[] {
  const { name, signerName, labelSelector, path = '' } = bundle
  const errors: FieldError[] = []
  if (name !== undefined && signerName !== undefined) {
    errors.push(fieldError.invalid(at, bundle, 'only one of name and signerName may be used'))
  } else if (name !== undefined) {
    if (!name) errors.push(fieldError.required(`${at}.name`, 'must be a valid object name'))
    for (const problem of dnsSubdomainProblems(name.split(':').at(-1) ?? '')) {
      errors.push(fieldError.invalid(`${at}.name`, name, `not a valid clustertrustbundlename: ${problem}`))
    }
    if (labelSelector) {
      const why = 'labelSelector must be unset if name is specified'
      errors.push(fieldError.invalid(`${at}.labelSelector`, labelSelector, why))
    }
  } else if (signerName !== undefined) {
    if (!signerName) errors.push(fieldError.required(`${at}.signerName`, 'must be a valid signer name'))
    else errors.push(...signerNameErrors(`${at}.signerName`, signerName))
    errors.push(...labelSelectorErrors(labelSelector as LabelSelector | undefined, `${at}.labelSelector`))
  } else errors.push(fieldError.required(at, 'either name or signerName must be specified'))
  if (!path) errors.push(fieldError.required(`${at}.path`))
  return [...errors, ...unreservedPath(`${at}.path`, path)]
}

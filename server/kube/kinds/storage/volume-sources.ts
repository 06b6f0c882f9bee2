// Where the bytes of a volume are: what each kind of place must say, in pods and in PersistentVolumes alike.
// Upstream: pkg/apis/core/validation, the validate…VolumeSource functions.

import type { ISCSIVolumeSource, Volume } from 'kubernetes-types/core/v1'
import { oneOf, problemsAt } from '../../apimachinery/field-checks.ts'
import { dnsLabelProblems } from '../../apimachinery/names.ts'
import { type FieldError, fieldError } from '../../apimachinery/status-error.ts'
import { withoutBacksteps } from './paths.ts'

/** The name of a source, what is said of it, and where errors of it are told when that is another name. */
export type SourceChecks<T> = {
  [S in keyof T]?: (source: NonNullable<T[S]>, at: string) => FieldError[]
}

const HOST_PATH_TYPES = [
  '',
  'BlockDevice',
  'CharDevice',
  'Directory',
  'DirectoryOrCreate',
  'File',
  'FileOrCreate',
  'Socket',
]
const MANAGED_DISK = '/subscriptions/{sub-id}/resourcegroups/{group-name}/providers/microsoft.compute/disks/{disk-id}'
const BLOB_DISK = 'https://{account-name}.blob.core.windows.net/{container-name}/{disk-name}.vhd'
const NO_REGISTRY = 'must be a host:port pair or multiple pairs separated by commas'
const NOT_OF_NAMES = /[,;*&$|\t\n\f\r ]/
const QUALIFIED = /(?<=iqn\.\d{4}-\d{2}\.[A-Za-z0-9.-]+):./s
const INITIATORS: Readonly<Record<string, (name: string) => boolean>> = {
  // It may stand at the end of anything, and is looked for from its colon on, once.
  iqn: (name) => QUALIFIED.test(name.split(NOT_OF_NAMES).at(-1) ?? ''),
  eui: (name) => /^eui.[A-Za-z0-9]{16}$/.test(name),
  naa: (name) => /^naa.[A-Za-z0-9]{32}$/.test(name),
}

export function requiredFields<T extends object>(source: T, at: string, fields: (keyof T & string)[]): FieldError[] {
  return fields.flatMap((field) => {
    const value = source[field]
    const isMissing = !value || (Array.isArray(value) && value.length === 0)
    return isMissing ? [fieldError.required(`${at}.${field}`)] : []
  })
}

/** Where both say the same. Sources of one of them alone are checked beside it. */
export const SHARED_SOURCES: SourceChecks<Volume> = {
  hostPath({ path, type }, at) {
    if (!path) return [fieldError.required(`${at}.path`)]
    return [...withoutBacksteps(`${at}.path`, path), ...oneOf(`${at}.type`, type ?? '', HOST_PATH_TYPES)]
  },
  gcePersistentDisk: (disk, at) => {
    const here = at.replace(/gcePersistentDisk$/, 'persistentDisk')
    return [...requiredFields(disk, here, ['pdName']), ...partitionErrors(disk.partition, here)]
  },
  awsElasticBlockStore: (disk, at) => [
    ...requiredFields(disk, at, ['volumeID']),
    ...partitionErrors(disk.partition, at),
  ],
  nfs(nfs, at) {
    const errors = requiredFields(nfs, at, ['server', 'path'])
    const { path = '' } = nfs
    if (!path.startsWith('/')) errors.push(fieldError.invalid(`${at}.path`, path, 'must be an absolute path'))
    return errors
  },
  glusterfs: (source, at) => requiredFields(source, at, ['endpoints', 'path']),
  flocker({ datasetName = '', datasetUUID = '' }, at) {
    const errors: FieldError[] = []
    if (!datasetName && !datasetUUID) {
      errors.push(fieldError.required(at, 'one of datasetName and datasetUUID is required'))
    }
    if (datasetName && datasetUUID) {
      errors.push(fieldError.invalid(at, 'resource', 'datasetName and datasetUUID can not be specified simultaneously'))
    }
    if (datasetName.includes('/')) {
      errors.push(fieldError.invalid(`${at}.datasetName`, datasetName, "must not contain '/'"))
    }
    return errors
  },
  rbd: (source, at) => requiredFields(source, at, ['monitors', 'image']),
  quobyte({ registry, tenant = '', volume }, at) {
    const errors: FieldError[] = []
    if (!registry) errors.push(fieldError.required(`${at}.registry`, NO_REGISTRY))
    else if (tenant.length > 64) {
      errors.push(fieldError.required(`${at}.tenant`, 'must be a UUID and may not exceed a length of 64 characters'))
    } else if (!registry.split(',').every((pair) => /^([^:[\]]*|\[[^\]]*\]):[^:]*$/.test(pair))) {
      errors.push(fieldError.invalid(`${at}.registry`, registry, NO_REGISTRY))
    }
    if (!volume) errors.push(fieldError.required(`${at}.volume`))
    return errors
  },
  cephfs: (source, at) => requiredFields(source, at, ['monitors']),
  fc({ targetWWNs = [], wwids = [], lun }, at) {
    const errors: FieldError[] = []
    if (targetWWNs.length === 0 && wwids.length === 0) {
      errors.push(fieldError.required(`${at}.targetWWNs`, 'must specify either targetWWNs or wwids, but not both'))
    }
    if (targetWWNs.length > 0 && wwids.length > 0) {
      const why = 'targetWWNs and wwids can not be specified simultaneously'
      errors.push(fieldError.invalid(`${at}.targetWWNs`, targetWWNs, why))
    }
    if (targetWWNs.length > 0 && lun === undefined) {
      errors.push(fieldError.required(`${at}.lun`, 'lun is required if targetWWNs is specified'))
    } else if (targetWWNs.length > 0) errors.push(...lunErrors(lun, at))
    return errors
  },
  flexVolume: ({ driver, options = {} }, at) => [
    ...(driver ? [] : [fieldError.required(`${at}.driver`)]),
    ...Object.keys(options)
      .filter((key) => /\.(kubernetes|k8s)\.io$/.test(`.${key.split('/')[0]}`.toLowerCase()))
      .map((key) =>
        fieldError.invalid(`${at}.options[${key}]`, key, 'kubernetes.io and k8s.io namespaces are reserved'),
      ),
  ],
  vsphereVolume: (source, at) => requiredFields(source, at, ['volumePath']),
  photonPersistentDisk: (source, at) => requiredFields(source, at, ['pdID']),
  portworxVolume: (source, at) => requiredFields(source, at, ['volumeID']),
  azureFile: (source, at) => requiredFields(source, at, ['secretName', 'shareName']),
  azureDisk(disk, at) {
    const errors = requiredFields(disk, at, ['diskName', 'diskURI'])
    const { cachingMode, kind, diskURI = '' } = disk
    if (cachingMode !== undefined) {
      errors.push(...oneOf(`${at}.cachingMode`, cachingMode, ['None', 'ReadOnly', 'ReadWrite']))
    }
    if (kind === undefined) return errors
    errors.push(...oneOf(`${at}.kind`, kind, ['Dedicated', 'Managed', 'Shared']))
    const [prefix, form] = kind === 'Managed' ? ['/subscriptions/', MANAGED_DISK] : ['https://', BLOB_DISK]
    if (!diskURI.startsWith(prefix)) errors.push(fieldError.notSupported(`${at}.diskURI`, diskURI, [form]))
    return errors
  },
  scaleIO: (source, at) => requiredFields(source, at, ['gateway', 'system', 'volumeName']),
  storageos({ volumeName, volumeNamespace, secretRef }, at) {
    const errors = volumeName
      ? problemsAt(`${at}.volumeName`, volumeName, dnsLabelProblems(volumeName))
      : [fieldError.required(`${at}.volumeName`)]
    if (volumeNamespace) {
      errors.push(...problemsAt(`${at}.volumeNamespace`, volumeNamespace, dnsLabelProblems(volumeNamespace)))
    }
    return secretRef ? [...errors, ...requiredFields(secretRef, `${at}.secretRef`, ['name'])] : errors
  },
  cinder: (source, at) => [
    ...requiredFields(source, at, ['volumeID']),
    ...(source.secretRef ? requiredFields(source.secretRef, `${at}.secretRef`, ['name']) : []),
  ],
  iscsi: (source, at) => iscsiErrors(source, at, 'must be valid format starting with iqn, eui, or naa'),
}

/** PersistentVolumes and pods have two sentences for a name that is none at all. */
export function iscsiErrors(
  source: Pick<ISCSIVolumeSource, 'targetPortal' | 'iqn' | 'lun' | 'initiatorName'> & {
    chapAuthDiscovery?: boolean
    chapAuthSession?: boolean
    secretRef?: object
  },
  at: string,
  noName: string,
): FieldError[] {
  const errors = requiredFields(source, at, ['targetPortal', 'iqn'])
  const { iqn, initiatorName } = source
  if (iqn) errors.push(...initiatorErrors(`${at}.iqn`, iqn, noName))
  errors.push(...lunErrors(source.lun, at))
  if ((source.chapAuthDiscovery || source.chapAuthSession) && !source.secretRef) {
    errors.push(fieldError.required(`${at}.secretRef`))
  }
  if (initiatorName !== undefined) errors.push(...initiatorErrors(`${at}.initiatorname`, initiatorName, noName))
  return errors
}

function initiatorErrors(field: string, name: string, noName: string): FieldError[] {
  const isInitiator = INITIATORS[name.slice(0, 3)]
  if (!isInitiator) return [fieldError.invalid(field, name, noName)]
  return isInitiator(name) ? [] : [fieldError.invalid(field, name, 'must be valid format')]
}

function lunErrors(lun: number | undefined, at: string): FieldError[] {
  return lun !== undefined && (lun < 0 || lun > 255)
    ? [fieldError.invalid(`${at}.lun`, lun, 'must be between 0 and 255, inclusive')]
    : []
}

function partitionErrors(partition: number | undefined, at: string): FieldError[] {
  return partition !== undefined && (partition < 0 || partition > 255)
    ? [fieldError.invalid(`${at}.partition`, partition, 'must be between 1 and 255, inclusive')]
    : []
}

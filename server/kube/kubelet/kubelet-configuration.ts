// A kubelet's settings: the fields of upstream's KubeletConfiguration that mean something here, from the file that kubeadm
// would write, and what they are when nobody says anything. `/configz` tells them.
// Upstream: k8s.io/kubelet/config/v1beta1, pkg/kubelet/apis/config/v1beta1/defaults.go.

import { parse } from 'yaml'
import { goDurationMs } from '../apimachinery/go-duration.ts'
import type { JsonValue } from '../apimachinery/json.ts'
import { mergePatch } from '../apimachinery/patch/merge-patch.ts'
import { parseQuantity } from '../apimachinery/quantity.ts'
import { writeYaml } from '../apimachinery/yaml.ts'
import type { NodeOs } from '../node-os/node-os.ts'
import { type DropIn, readDropIns } from './kubelet-drop-ins.ts'

export const KUBELET_CONFIGURATION = '/var/lib/kubelet/config.yaml'

export interface KubeletConfiguration {
  /** Who may call this kubelet: whoever has a certificate of this authority. */
  authentication: { x509?: { clientCAFile?: string } }
  /** Whether it asks for its client certificate again before that runs out. */
  rotateCertificates: boolean
  /** A folder with manifests of pods that run whatever the API says. */
  staticPodPath: string
  fileCheckFrequency: string
  /** The same from an address. */
  staticPodURL: string
  staticPodURLHeader: Record<string, string[]>
  httpCheckFrequency: string
  maxPods: number
  clusterDNS: string[]
  clusterDomain: string
  containerLogMaxSize: string
  containerLogMaxFiles: number
  /** How long pods have when the machine is shut down; zero: nobody waits for them. */
  shutdownGracePeriod: string
  /** What of it is kept for critical ones. */
  shutdownGracePeriodCriticalPods: string
  /** In place of both, by priority. */
  shutdownGracePeriodByPodPriority: { priority: number; shutdownGracePeriodSeconds: number }[]
  /** Whether containers that name no seccomp profile get the engine's. */
  seccompDefault: boolean
  /** By name or `prefix*`, beyond those that are safe. */
  allowedUnsafeSysctls: string[]
  /** Of processes in each pod; -1: as many as the machine has room for. */
  podPidsLimit: number
  /** Of the machine, for the engine and the kubelet themselves: `{ cpu: '100m', memory: '100Mi' }`. */
  kubeReserved: Record<string, string>
  systemReserved: Record<string, string>
  /** By signal: an amount or a share, `100Mi` or `10%`. */
  evictionHard: Record<string, string>
  evictionSoft: Record<string, string>
  evictionSoftGracePeriod: Record<string, string>
  evictionMinimumReclaim: Record<string, string>
  evictionPressureTransitionPeriod: string
  evictionMaxPodGracePeriod: number
  imageGCHighThresholdPercent: number
  imageGCLowThresholdPercent: number
  imageMinimumGCAge: string
  /** Unused for so long, an image goes whether there is room or not; zero: never. */
  imageMaximumGCAge: string
  /** The longest pause before a container that ends again and again is started. */
  crashLoopBackOff: { maxContainerRestartPeriod: string }
  /** Who has to show credentials for an image that is here already. */
  imagePullCredentialsVerificationPolicy: (typeof POLICIES)[number]
  /** For NeverVerifyAllowlistedImages: by name, or `registry.example/*`. */
  preloadedImagesVerificationAllowlist: string[]
}

const POLICIES = ['NeverVerify', 'NeverVerifyPreloadedImages', 'NeverVerifyAllowlistedImages', 'AlwaysVerify'] as const

const DEFAULTS: KubeletConfiguration = {
  authentication: {},
  // As kubeadm writes it; upstream's own default is off, and the machine would be lost after a year.
  rotateCertificates: true,
  staticPodPath: '/etc/kubernetes/manifests',
  fileCheckFrequency: '20s',
  staticPodURL: '',
  staticPodURLHeader: {},
  httpCheckFrequency: '20s',
  maxPods: 110,
  clusterDNS: ['10.96.0.10'],
  clusterDomain: 'cluster.local',
  containerLogMaxSize: '10Mi',
  containerLogMaxFiles: 5,
  shutdownGracePeriod: '0s',
  shutdownGracePeriodCriticalPods: '0s',
  shutdownGracePeriodByPodPriority: [],
  seccompDefault: false,
  allowedUnsafeSysctls: [],
  podPidsLimit: -1,
  kubeReserved: {},
  systemReserved: {},
  evictionHard: {
    'memory.available': '100Mi',
    'nodefs.available': '10%',
    'nodefs.inodesFree': '5%',
    'imagefs.available': '15%',
    'imagefs.inodesFree': '5%',
  },
  evictionSoft: {},
  evictionSoftGracePeriod: {},
  evictionMinimumReclaim: {},
  evictionPressureTransitionPeriod: '5m0s',
  evictionMaxPodGracePeriod: 0,
  imageGCHighThresholdPercent: 85,
  imageGCLowThresholdPercent: 80,
  imageMinimumGCAge: '2m0s',
  imageMaximumGCAge: '0s',
  crashLoopBackOff: { maxContainerRestartPeriod: '5m0s' },
  imagePullCredentialsVerificationPolicy: 'NeverVerifyPreloadedImages',
  preloadedImagesVerificationAllowlist: [],
}

/** Of the machine: as kubeadm leaves it there, with what is heeded here, where there is none. */
export async function readConfiguration(
  os: Pick<NodeOs, 'readFile' | 'writeFile' | 'list' | 'kindOf'>,
  fromCluster: Pick<KubeletConfiguration, 'clusterDNS' | 'clusterDomain' | 'authentication'>,
): Promise<KubeletConfiguration> {
  const text = await os.readFile(KUBELET_CONFIGURATION)
  const dropIns = await readDropIns(os)
  if (text !== undefined) return kubeletConfigurationOf(text, fromCluster, dropIns)
  const { rotateCertificates, staticPodPath } = DEFAULTS
  const file = { apiVersion: GROUP_VERSION, ...fromCluster, kind: KIND, rotateCertificates, staticPodPath }
  await os.writeFile(KUBELET_CONFIGURATION, writeYaml(file), { mode: 0o644 })
  return kubeletConfigurationOf(undefined, fromCluster, dropIns)
}

const GROUP_VERSION = 'kubelet.config.k8s.io/v1beta1'
const KIND = 'KubeletConfiguration'

/** What stands in the file wins over what the cluster says, and that over upstream's defaults. */
export function kubeletConfigurationOf(
  text: string | undefined,
  fromCluster: Partial<KubeletConfiguration> = {},
  dropIns: readonly DropIn[] = [],
): KubeletConfiguration {
  const main = fileOf({ path: KUBELET_CONFIGURATION, text: text ?? '' })
  const laidOver = dropIns.reduce((under, one) => mergePatch(under, fileOf(one) as JsonValue), main as JsonValue)
  const file = laidOver as File
  const known = Object.keys(DEFAULTS) as (keyof KubeletConfiguration)[]
  for (const key of known) checkType(key, file[key])
  const told = Object.fromEntries(known.flatMap((key) => (file[key] == null ? [] : [[key, file[key]]])))
  const configuration = { ...DEFAULTS, ...fromCluster, ...told }
  configuration.crashLoopBackOff = { ...DEFAULTS.crashLoopBackOff, ...configuration.crashLoopBackOff }
  check(configuration)
  return configuration
}

type File = Partial<KubeletConfiguration & { apiVersion: string; kind: string }>

function fileOf({ path, text }: DropIn): File {
  let file: File
  try {
    file = parse(text) ?? {}
  } catch (err) {
    throw problem(err instanceof Error ? err.message : String(err), path)
  }
  if (file.kind !== undefined && file.kind !== KIND) {
    throw problem(`no kind "${file.kind}" is registered for version "${file.apiVersion}"`, path)
  }
  return file
}

/** Of a field that was checked. */
export const durationOf = (text: string): number => goDurationMs(text) ?? 0

export const logLimitsOf = ({ containerLogMaxSize, containerLogMaxFiles }: KubeletConfiguration) => ({
  maxSizeBytes: parseQuantity(containerLogMaxSize)?.number ?? 0,
  maxFiles: containerLogMaxFiles,
})

const DURATIONS = [
  'fileCheckFrequency',
  'httpCheckFrequency',
  'shutdownGracePeriod',
  'shutdownGracePeriodCriticalPods',
  'evictionPressureTransitionPeriod',
  'imageMinimumGCAge',
  'imageMaximumGCAge',
] as const

function check(configuration: KubeletConfiguration): void {
  for (const name of DURATIONS) {
    if (goDurationMs(configuration[name]) === undefined)
      throw problem(`time: invalid duration "${configuration[name]}"`)
  }
  const { shutdownGracePeriod, shutdownGracePeriodCriticalPods: critical, containerLogMaxFiles } = configuration
  if (durationOf(critical) > durationOf(shutdownGracePeriod)) {
    throw problem(
      `invalid configuration: shutdownGracePeriodCriticalPods ${critical} must be <= shutdownGracePeriod ${shutdownGracePeriod}`,
    )
  }
  checkPriorities(configuration)
  checkVerification(configuration)
  checkPauses(configuration)
  if (!((parseQuantity(configuration.containerLogMaxSize)?.number ?? 0) > 0)) {
    throw problem(`invalid configuration: containerLogMaxSize ${configuration.containerLogMaxSize} is not a size`)
  }
  if (!Number.isInteger(containerLogMaxFiles) || containerLogMaxFiles <= 1) {
    throw problem(`invalid configuration: containerLogMaxFiles ${containerLogMaxFiles} must be > 1`)
  }
}

function checkPauses({ crashLoopBackOff, imageMinimumGCAge, imageMaximumGCAge }: KubeletConfiguration): void {
  const { maxContainerRestartPeriod: told } = crashLoopBackOff
  const period = goDurationMs(told)
  if (period === undefined) throw problem(`time: invalid duration "${told}"`)
  if (period < 1000 || period > 300_000) {
    const what = `CrashLoopBackOff.MaxContainerRestartPeriod (got: ${period / 1000} seconds)`
    throw problem(`invalid configuration: ${what} must be set between 1s and 300s`)
  }
  const [least, most] = [durationOf(imageMinimumGCAge), durationOf(imageMaximumGCAge)]
  if (most < 0) throw problem(`invalid configuration: imageMaximumGCAge ${imageMaximumGCAge} must not be negative`)
  if (most > 0 && most <= least) {
    const why = `imageMaximumGCAge ${imageMaximumGCAge} must be greater than imageMinimumGCAge ${imageMinimumGCAge}`
    throw problem(`invalid configuration: ${why}`)
  }
}

function checkVerification({
  imagePullCredentialsVerificationPolicy: policy,
  preloadedImagesVerificationAllowlist: allowed,
}: KubeletConfiguration): void {
  if (!POLICIES.includes(policy)) {
    const [one, other, third, last] = POLICIES.map((name) => `"${name}"`)
    const what = `option "${policy}" specified for imagePullCredentialsVerificationPolicy`
    throw problem(`invalid configuration: ${what}. Valid options are ${one}, ${other}, ${third} or ${last}`)
  }
  if (allowed.length > 0 && policy !== 'NeverVerifyAllowlistedImages') {
    const why = "can't set `preloadedImagesVerificationAllowlist` if `imagePullCredentialsVerificationPolicy` is not"
    throw problem(`invalid configuration: ${why} "NeverVerifyAllowlistedImages"`)
  }
}

function checkPriorities(configuration: KubeletConfiguration): void {
  const { shutdownGracePeriod, shutdownGracePeriodByPodPriority: turns } = configuration
  if (turns.length > 0 && durationOf(shutdownGracePeriod) > 0) {
    const why = 'Cannot specify both shutdownGracePeriodByPodPriority and shutdownGracePeriod at the same time'
    throw problem(`invalid configuration: ${why}`)
  }
  for (const [index, turn] of turns.entries()) {
    const { priority, shutdownGracePeriodSeconds: seconds } = turn ?? {}
    if (Number.isInteger(priority) && Number.isInteger(seconds) && seconds >= 0) continue
    const what = `shutdownGracePeriodByPodPriority[${index}] must have a whole number as priority and one of seconds`
    throw problem(`invalid configuration: ${what}, as in { priority: 1000, shutdownGracePeriodSeconds: 10 }`)
  }
}

/** In the words of Go's decoder, which says of what type a field is. */
function checkType(field: keyof KubeletConfiguration, value: unknown): void {
  const wanted = typeOf(DEFAULTS[field])
  if (value == null || typeOf(value) === wanted) return
  const goType =
    { array: LISTS[field] ?? '[]string', object: 'map[string]string', number: 'int32', boolean: 'bool' }[wanted] ??
    wanted
  const found = { boolean: 'bool' }[typeOf(value)] ?? typeOf(value)
  throw problem(`json: cannot unmarshal ${found} into Go struct field KubeletConfiguration.${field} of type ${goType}`)
}

const LISTS: { [field in keyof KubeletConfiguration]?: string } = {
  shutdownGracePeriodByPodPriority: '[]v1beta1.ShutdownGracePeriodByPodPriority',
}

const typeOf = (value: unknown): string => (Array.isArray(value) ? 'array' : typeof value)

const problem = (why: string, path = KUBELET_CONFIGURATION) =>
  new Error(`failed to load kubelet config file, path: ${path}, error: ${why}`)

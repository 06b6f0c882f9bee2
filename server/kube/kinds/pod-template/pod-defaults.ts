// What a pod's author may leave out. Runs on every decode, for pods and for the templates of whatever makes pods.
// Upstream: kubernetes/pkg/apis/core/v1/defaults.go.

import type {
  Container,
  EphemeralContainer,
  HTTPGetAction,
  PersistentVolumeSpec,
  PodSpec,
  Probe,
} from 'kubernetes-types/core/v1'
import { asTexts, only } from '../quota/amounts.ts'
import { containerAmounts } from '../quota/pod-amounts.ts'
import type { PodSpec as FullSpec, Volume } from './newer-fields.ts'

const FILE_MODE = 0o644

/** Mutates. */
export function defaultPodSpec(spec: PodSpec): void {
  spec.restartPolicy ||= 'Always'
  spec.dnsPolicy ||= 'ClusterFirst'
  spec.terminationGracePeriodSeconds ??= 30
  spec.securityContext ??= {}
  spec.schedulerName ||= 'default-scheduler'
  const { initContainers = [], containers = [], ephemeralContainers = [] } = spec
  for (const container of [...initContainers, ...containers, ...ephemeralContainers]) defaultContainer(container)
  for (const volume of spec.volumes ?? []) {
    defaultVolume(volume)
    const claim = volume.ephemeral?.volumeClaimTemplate?.spec
    if (claim) claim.volumeMode ??= 'Filesystem'
  }
}

/** Only pods themselves say it; templates leave it to them. */
export function defaultPodOnly(spec: PodSpec): void {
  spec.enableServiceLinks ??= true
  for (const { resources = {}, ports = [] } of [...(spec.initContainers ?? []), ...(spec.containers ?? [])]) {
    for (const [name, limit] of Object.entries(resources.limits ?? {})) {
      if (resources.requests?.[name] === undefined) resources.requests = { ...resources.requests, [name]: limit }
    }
    if (spec.hostNetwork) for (const port of ports) port.hostPort ||= port.containerPort
  }
  const { resources } = spec as FullSpec
  if (Object.keys({ ...resources?.limits, ...resources?.requests }).length === 0) return
  defaultPageLimits(spec as FullSpec)
  defaultPodRequests(spec as FullSpec)
}

/** Pages that containers are limited to are the pod's too, unless it says itself. */
function defaultPageLimits(spec: FullSpec): void {
  const { resources = {} } = spec
  const isMeant = (name: string) => name.startsWith('hugepages-') && resources.requests?.[name] === undefined
  const limits = { ...asTexts(only(containerAmounts(spec, 'limits'), isMeant)), ...resources.limits }
  if (Object.keys(limits).length > 0) resources.limits = limits
}

/** What a pod that has limits asks for as a whole is what its containers ask for, or else what it is limited to. */
function defaultPodRequests(spec: FullSpec): void {
  const { resources = {} } = spec
  if (Object.keys(resources.limits ?? {}).length === 0) return
  const sums = containerAmounts(spec, 'requests')
  const ofContainers = asTexts(only(sums, (name) => name === 'cpu' || name === 'memory'))
  resources.requests = { ...resources.limits, ...ofContainers, ...resources.requests }
}

function defaultContainer(container: Container | EphemeralContainer): void {
  container.imagePullPolicy ||= pullPolicyOf(container.image ?? '')
  container.terminationMessagePath ||= '/dev/termination-log'
  container.terminationMessagePolicy ||= 'File'
  container.resources ??= {}
  for (const port of container.ports ?? []) port.protocol ||= 'TCP'
  for (const { valueFrom } of container.env ?? []) {
    if (valueFrom?.fieldRef) valueFrom.fieldRef.apiVersion ||= 'v1'
    if (valueFrom?.resourceFieldRef) valueFrom.resourceFieldRef.divisor ??= '0'
  }
  for (const probe of [container.livenessProbe, container.readinessProbe, container.startupProbe]) {
    if (probe) defaultProbe(probe)
  }
  for (const hook of [container.lifecycle?.postStart, container.lifecycle?.preStop]) {
    if (hook?.httpGet) defaultHttpGet(hook.httpGet)
  }
}

/** Without a tag, or with `latest`, nobody knows what is meant today. */
export function pullPolicyOf(image: string): 'Always' | 'IfNotPresent' {
  if (image.includes('@')) return 'IfNotPresent'
  const tag = /:([^:/]+)$/.exec(image)?.[1] ?? 'latest'
  return tag === 'latest' ? 'Always' : 'IfNotPresent'
}

function defaultProbe(probe: Probe): void {
  probe.timeoutSeconds ||= 1
  probe.periodSeconds ||= 10
  probe.successThreshold ||= 1
  probe.failureThreshold ||= 3
  if (probe.httpGet) defaultHttpGet(probe.httpGet)
  if (probe.grpc) probe.grpc.service ??= ''
}

function defaultHttpGet(action: HTTPGetAction): void {
  action.path ||= '/'
  action.scheme ||= 'HTTP'
}

function defaultVolume(volume: Volume): void {
  if (Object.keys(volume).length === 1) volume.emptyDir = {}
  for (const source of [volume.secret, volume.configMap, volume.downwardAPI, volume.projected]) {
    if (source) source.defaultMode ??= FILE_MODE
  }
  if (volume.hostPath) volume.hostPath.type ??= ''
  if (volume.image) volume.image.pullPolicy ||= pullPolicyOf(volume.image.reference ?? '')
  defaultSource(volume)
  const projections = volume.projected?.sources ?? []
  for (const { serviceAccountToken } of projections) {
    if (serviceAccountToken) serviceAccountToken.expirationSeconds ??= 3600
  }
  const files = [
    ...(volume.downwardAPI?.items ?? []),
    ...projections.flatMap((source) => source.downwardAPI?.items ?? []),
  ]
  for (const { fieldRef, resourceFieldRef } of files) {
    if (fieldRef) fieldRef.apiVersion ||= 'v1'
    if (resourceFieldRef) resourceFieldRef.divisor ??= '0'
  }
}

type Places = Pick<PersistentVolumeSpec, 'scaleIO' | 'azureDisk'> & {
  iscsi?: { iscsiInterface?: string }
  rbd?: { pool?: string; user?: string; keyring?: string }
}

/** Of places that have their own, in pods and in PersistentVolumes. Mutates. */
export function defaultSource({ iscsi, rbd, azureDisk, scaleIO }: Places): void {
  if (iscsi) iscsi.iscsiInterface ||= 'default'
  if (rbd) {
    rbd.pool ||= 'rbd'
    rbd.user ||= 'admin'
    rbd.keyring ||= '/etc/ceph/keyring'
  }
  if (azureDisk) {
    azureDisk.cachingMode ??= 'ReadWrite'
    azureDisk.kind ??= 'Shared'
    azureDisk.fsType ??= 'ext4'
    azureDisk.readOnly ??= false
  }
  if (scaleIO) {
    scaleIO.storageMode ||= 'ThinProvisioned'
    scaleIO.fsType ||= 'xfs'
  }
}

// What a pod's author may leave out. Runs on every decode, for pods and for the templates of whatever makes pods.
// Upstream: kubernetes/pkg/apis/core/v1/defaults.go.

import type { Container, EphemeralContainer, HTTPGetAction, PodSpec, Probe, Volume } from 'kubernetes-types/core/v1'

const FILE_MODE = 0o644

/** Mutates. */
export function defaultPodSpec(spec: PodSpec): void {
  spec.restartPolicy ||= 'Always'
  spec.dnsPolicy ||= 'ClusterFirst'
  spec.terminationGracePeriodSeconds ??= 30
  spec.securityContext ??= {}
  spec.schedulerName ||= 'default-scheduler'
  for (const container of [...(spec.initContainers ?? []), ...(spec.containers ?? [])]) {
    defaultContainer(container, spec.hostNetwork === true)
  }
  for (const container of spec.ephemeralContainers ?? []) defaultContainer(container, false)
  for (const volume of spec.volumes ?? []) defaultVolume(volume)
}

/** Only pods themselves say it; templates leave it to them. */
export function defaultPodOnly(spec: PodSpec): void {
  spec.enableServiceLinks ??= true
}

function defaultContainer(container: Container | EphemeralContainer, isOnHostNetwork: boolean): void {
  container.imagePullPolicy ||= pullPolicyOf(container.image ?? '')
  container.terminationMessagePath ||= '/dev/termination-log'
  container.terminationMessagePolicy ||= 'File'
  container.resources ??= {}
  const { resources } = container
  for (const [name, limit] of Object.entries(resources.limits ?? {})) {
    if (resources.requests?.[name] === undefined) resources.requests = { ...resources.requests, [name]: limit }
  }
  for (const port of container.ports ?? []) {
    port.protocol ||= 'TCP'
    if (isOnHostNetwork) port.hostPort ||= port.containerPort
  }
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
  const projections = volume.projected?.sources ?? []
  for (const { serviceAccountToken } of projections) {
    if (serviceAccountToken) serviceAccountToken.expirationSeconds ??= 3600
  }
  const files = [
    ...(volume.downwardAPI?.items ?? []),
    ...projections.flatMap((source) => source.downwardAPI?.items ?? []),
  ]
  for (const { fieldRef } of files) if (fieldRef) fieldRef.apiVersion ||= 'v1'
}

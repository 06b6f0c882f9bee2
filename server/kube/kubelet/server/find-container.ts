// Which running (or ended) container a request means. Messages are what kubectl prints.

import type { ContainerStatus, Pod } from 'kubernetes-types/core/v1'
import { badRequest, notFound } from '../../apimachinery/status-error.ts'
import type { Kubelet } from '../kubelet.ts'

export interface FoundContainer {
  pod: Pod
  status: ContainerStatus
}

export function findContainer(kubelet: Kubelet, namespace: string, podName: string, name: string): FoundContainer {
  const pod = kubelet.pod(namespace, podName)
  if (!pod) throw notFound({ group: '', resource: 'pods' }, podName)
  const all = [
    ...(pod.status?.containerStatuses ?? []),
    ...(pod.status?.initContainerStatuses ?? []),
    ...(pod.status?.ephemeralContainerStatuses ?? []),
  ]
  const status = all.find((one) => one.name === name)
  if (!status) throw badRequest(`container "${name}" in pod "${podName}" is not available`)
  return { pod, status }
}

export function idOf(containerId: string | undefined): string | undefined {
  return containerId?.replace(/^[^:]+:\/\//, '')
}

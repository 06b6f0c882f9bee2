// What the runtime says about one pod, newest first. Everything the kubelet decides is decided from this and the
// pod's spec, never from what it remembers having done: so it can die at any line and go on after a restart.

import type { EphemeralContainer, Pod } from 'kubernetes-types/core/v1'
import type { ContainerRuntime, ContainerStatus, PodSandbox } from '../container-runtime/container-runtime.ts'
import type { Container } from '../kinds/pod-template/newer-fields.ts'

export interface PodRuntimeState {
  sandboxes: PodSandbox[]
  containers: ContainerStatus[]
}

export async function readRuntimeState(runtime: ContainerRuntime, podUid: string): Promise<PodRuntimeState> {
  const [sandboxes, containers] = await Promise.all([runtime.listPodSandboxes(podUid), runtime.listContainers(podUid)])
  return {
    sandboxes: sandboxes.sort((a, b) => b.config.attempt - a.config.attempt || b.createdAt - a.createdAt),
    containers: containers.sort((a, b) => b.attempt - a.attempt || b.createdAt - a.createdAt),
  }
}

/** The newest instance of a container, in whichever sandbox. */
export function latestOf(state: PodRuntimeState, name: string): ContainerStatus | undefined {
  return state.containers.find((container) => container.name === name)
}

export const isAlive = (container: ContainerStatus | undefined): boolean =>
  container?.state === 'running' || container?.state === 'unknown'

export type ContainerRole = 'init' | 'sidecar' | 'regular' | 'ephemeral'
export type ContainerSpec = Container | (EphemeralContainer & Container)

/** A restartable init container is a sidecar: it is started in turn, but not waited for to end. */
export const initRole = (container: Container): ContainerRole =>
  container.restartPolicy === 'Always' ? 'sidecar' : 'init'

export function ephemeralOf(pod: Pod): ContainerSpec[] {
  return (pod.spec?.ephemeralContainers ?? []) as ContainerSpec[]
}

/** Every container of the spec with its role, in the order upstream visits them. */
export function containersOf(pod: Pod): { container: ContainerSpec; role: ContainerRole }[] {
  return [
    ...(pod.spec?.initContainers ?? []).map((container) => ({ container, role: initRole(container) })),
    ...(pod.spec?.containers ?? []).map((container) => ({ container, role: 'regular' as const })),
    ...ephemeralOf(pod).map((container) => ({ container, role: 'ephemeral' as const })),
  ]
}

/** `web_default(uid)`: how messages name a pod. */
export function formatPod(pod: Pod): string {
  const { name, namespace, uid } = pod.metadata ?? {}
  return `${name}_${namespace}(${uid})`
}

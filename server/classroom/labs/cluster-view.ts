// What a check may look at: the informers' caches at one moment, and what was there when the step began. Nothing else,
// so a check is a pure function that a test can feed by hand. Objects are shared and frozen.

import type { Deployment, ReplicaSet } from 'kubernetes-types/apps/v1'
import type { ConfigMap, Node, Pod, Service, ServiceAccount } from 'kubernetes-types/core/v1'
import type { EndpointSlice } from 'kubernetes-types/discovery/v1'
import type { ClusterRole, ClusterRoleBinding, Role, RoleBinding } from 'kubernetes-types/rbac/v1'

export interface ClusterView {
  readonly nodes: readonly Node[]
  readonly pods: readonly Pod[]
  readonly deployments: readonly Deployment[]
  readonly replicaSets: readonly ReplicaSet[]
  readonly services: readonly Service[]
  readonly endpointSlices: readonly EndpointSlice[]
  /** The rest is empty unless lab.yaml names it under `watches`: every watch costs memory in every cluster. */
  readonly configMaps: readonly ConfigMap[]
  readonly serviceAccounts: readonly ServiceAccount[]
  readonly roles: readonly Role[]
  readonly roleBindings: readonly RoleBinding[]
  readonly clusterRoles: readonly ClusterRole[]
  readonly clusterRoleBindings: readonly ClusterRoleBinding[]
  readonly before: Before
  /** What the learner typed into answer blocks, by the block's id. */
  readonly answers: Readonly<Record<string, string>>
  /** Loops of the control plane that are held now. */
  readonly held: readonly string[]
  /** What the API server answered to the access questions of this step's checks; empty while they are being asked. */
  readonly access: Readonly<Record<string, boolean>>
}

/** "May they do this?", as `kubectl auth can-i` asks it. */
export interface AccessQuestion {
  /** A ServiceAccount where labs play. */
  readonly as: string
  readonly verb: string
  /** `pods`, `deployments.apps`. */
  readonly resource: string
  /** The labs' own when left out. */
  readonly namespace?: string
}

/** The key in `access`, and what the learner would type after `can-i`. */
export const accessText = ({ as, verb, resource, namespace }: AccessQuestion): string =>
  `${verb} ${resource}${namespace ? ` -n ${namespace}` : ''} --as=system:serviceaccount:${LAB_NAMESPACE}:${as}`

/** What lab.yaml may name under `watches`. */
export const FOLLOWED = [
  'configMaps',
  'serviceAccounts',
  'roles',
  'roleBindings',
  'clusterRoles',
  'clusterRoleBindings',
] as const
export type Followed = (typeof FOLLOWED)[number]

/** Enough of the past to tell "deleted and made again" from "never touched". Kept with the learner's run. */
export interface Before {
  readonly pods: readonly PodBefore[]
  /** What checks remember of what has happened since, by their ids. */
  readonly seen?: Readonly<Record<string, Memory>>
}

/** As little as a check needs to judge what is over by the time it is judged. */
export type Memory = Readonly<Record<string, number>>

interface PodBefore {
  readonly name: string
  readonly namespace: string
  readonly uid: string
  readonly labels: Readonly<Record<string, string>>
  readonly restarts: number
}

export type {
  ClusterRole,
  ClusterRoleBinding,
  ConfigMap,
  Deployment,
  EndpointSlice,
  Node,
  Pod,
  ReplicaSet,
  Role,
  RoleBinding,
  Service,
  ServiceAccount,
}

/** The namespace labs play in: where kubectl goes when it is told nothing. */
export const LAB_NAMESPACE = 'default'

export const emptyView: ClusterView = {
  nodes: [],
  pods: [],
  deployments: [],
  replicaSets: [],
  services: [],
  endpointSlices: [],
  configMaps: [],
  serviceAccounts: [],
  roles: [],
  roleBindings: [],
  clusterRoles: [],
  clusterRoleBindings: [],
  before: { pods: [] },
  answers: {},
  held: [],
  access: {},
}

/** What a step that begins now will remember. */
export function rememberPods(pods: readonly Pod[]): Before {
  return {
    pods: pods
      .filter((pod) => pod.metadata?.namespace === LAB_NAMESPACE && !pod.metadata.deletionTimestamp)
      .map((pod) => ({
        name: pod.metadata?.name ?? '',
        namespace: pod.metadata?.namespace ?? '',
        uid: pod.metadata?.uid ?? '',
        labels: pod.metadata?.labels ?? {},
        restarts: restartsOf(pod),
      })),
  }
}

export function restartsOf(pod: Pod): number {
  return (pod.status?.containerStatuses ?? []).reduce((sum, status) => sum + status.restartCount, 0)
}

type Named = { metadata?: { name?: string; namespace?: string } }

/** The object of that name where labs play. */
export function named<T extends Named>(objects: readonly T[], name: string): T | undefined {
  return objects.find((object) => object.metadata?.name === name && object.metadata.namespace === LAB_NAMESPACE)
}

/** The namespaces, other than the labs' own, in which something has that name: a usual slip. */
export function elsewhere<T extends Named>(objects: readonly T[], name: string): string[] {
  return objects
    .filter((object) => object.metadata?.name === name && object.metadata.namespace !== LAB_NAMESPACE)
    .map((object) => object.metadata?.namespace ?? '')
}

export function hasLabels(object: { metadata?: { labels?: Record<string, string> } }, wanted: Record<string, string>) {
  return Object.entries(wanted).every(([key, value]) => object.metadata?.labels?.[key] === value)
}

/** Pods where labs play that carry all these labels and are not on their way out. */
export function podsWith(cluster: ClusterView, labels: Record<string, string>): Pod[] {
  return cluster.pods.filter(
    (pod) => pod.metadata?.namespace === LAB_NAMESPACE && !pod.metadata.deletionTimestamp && hasLabels(pod, labels),
  )
}

/** As loops count: one that was evicted, or lost with its machine, lies there and stands for nobody. */
export const isActive = ({ metadata, status }: Pod): boolean =>
  !metadata?.deletionTimestamp && status?.phase !== 'Failed' && status?.phase !== 'Succeeded'

export const isReady = (pod: Pod): boolean =>
  pod.status?.conditions?.some((condition) => condition.type === 'Ready' && condition.status === 'True') ?? false

/** `app=web,tier=front`, as kubectl writes it: sorted, for in which order labels were given means nothing. */
export const selectorText = (labels: Record<string, string>): string =>
  Object.entries(labels)
    .map(([key, value]) => `${key}=${value}`)
    .sort()
    .join(',')

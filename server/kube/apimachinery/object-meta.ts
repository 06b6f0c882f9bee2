// What every object has in common. Objects from a cache are shared and frozen: change a copy.

export interface OwnerReference {
  apiVersion: string
  kind: string
  name: string
  uid: string
  controller?: boolean
  blockOwnerDeletion?: boolean
}

export interface ManagedFieldsEntry {
  manager?: string
  operation?: string
  apiVersion?: string
  time?: string
  fieldsType?: string
  fieldsV1?: object
  subresource?: string
}

export interface ObjectMeta {
  name?: string
  generateName?: string
  namespace?: string
  uid?: string
  resourceVersion?: string
  generation?: number
  creationTimestamp?: string
  deletionTimestamp?: string
  deletionGracePeriodSeconds?: number
  labels?: Record<string, string>
  annotations?: Record<string, string>
  ownerReferences?: OwnerReference[]
  finalizers?: string[]
  managedFields?: ManagedFieldsEntry[]
}

/** Any object of any kind. Concrete kinds use the wire types of `kubernetes-types`, which fit this. */
export interface KubeObject {
  apiVersion?: string
  kind?: string
  metadata?: ObjectMeta
}

export interface ListMeta {
  resourceVersion?: string
  continue?: string
  remainingItemCount?: number
}

export interface KubeList<T extends KubeObject = KubeObject> {
  apiVersion: string
  kind: string
  metadata: ListMeta
  items: T[]
}

export interface WatchEvent<T extends KubeObject = KubeObject> {
  type: 'ADDED' | 'MODIFIED' | 'DELETED' | 'BOOKMARK' | 'ERROR'
  object: T
}

/** `namespace/name`, or `name` for cluster-scoped objects: the key of caches and queues. */
export function keyOf(object: KubeObject): string {
  const { namespace, name = '' } = object.metadata ?? {}
  return namespace ? `${namespace}/${name}` : name
}

/** The owner that manages this object, if any. */
export function controllerOf(object: KubeObject): OwnerReference | undefined {
  return object.metadata?.ownerReferences?.find((owner) => owner.controller === true)
}

export function revisionOf(object: KubeObject): number {
  return Number(object.metadata?.resourceVersion ?? 0)
}

/** The one made last; of those made in one second the first by name. */
export function newest<T extends KubeObject>(objects: readonly T[]): T | undefined {
  const made = ({ metadata }: KubeObject) => metadata?.creationTimestamp ?? ''
  const name = ({ metadata }: KubeObject) => metadata?.name ?? ''
  const isBefore = (a: KubeObject, b: KubeObject) => made(a) > made(b) || (made(a) === made(b) && name(a) < name(b))
  return [...objects].sort((a, b) => (isBefore(a, b) ? -1 : 1))[0]
}

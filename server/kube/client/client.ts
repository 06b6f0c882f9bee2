// The typed client: one per component, made from its transport. `client.of(Pod).get({ namespace, name })`.
// Nothing here is generated: types are inferred from the kind.

import type { KubeList, KubeObject } from '../apimachinery/object-meta.ts'
import { type AnyKind, apiVersionOf, type Kind } from '../kinds/define-kind.ts'
import type { Transport } from './transport.ts'

export interface ObjectName {
  namespace?: string
  name: string
}

export interface ListOptions {
  namespace?: string
  labelSelector?: string
  fieldSelector?: string
  resourceVersion?: string
  limit?: number
  continue?: string
}

export interface WriteOptions {
  /** The object whose state made the caller write; see base/trace.ts. */
  because?: KubeObject
  subresource?: string
  signal?: AbortSignal
}

export interface DeleteOptions extends WriteOptions {
  propagationPolicy?: 'Background' | 'Foreground' | 'Orphan'
  gracePeriodSeconds?: number
  uid?: string
  resourceVersion?: string
}

export type PatchType =
  | 'application/json-patch+json'
  | 'application/merge-patch+json'
  | 'application/strategic-merge-patch+json'

export interface KindClient<T extends KubeObject> {
  get(name: ObjectName): Promise<T>
  list(options?: ListOptions): Promise<KubeList<T>>
  create(object: T, options?: WriteOptions): Promise<T>
  /** Fails with Conflict when the object's resourceVersion is not the stored one. */
  update(object: T, options?: WriteOptions): Promise<T>
  updateStatus(object: T, options?: WriteOptions): Promise<T>
  patch(name: ObjectName, type: PatchType, patch: unknown, options?: WriteOptions): Promise<T>
  delete(name: ObjectName, options?: DeleteOptions): Promise<void>
}

export interface Client {
  readonly transport: Transport
  of<T extends KubeObject>(kind: Kind<T>): KindClient<T>
}

export function createClient(transport: Transport): Client {
  return { transport, of: (kind) => kindClient(transport, kind) }
}

export function collectionPath(
  kind: Pick<AnyKind, 'group' | 'version' | 'namespaced' | 'plural'>,
  namespace?: string,
): string {
  const root = kind.group ? `/apis/${kind.group}/${kind.version}` : `/api/${kind.version}`
  const inside = kind.namespaced && namespace ? `/namespaces/${encodeURIComponent(namespace)}` : ''
  return `${root}${inside}/${kind.plural}`
}

export function objectPath(kind: AnyKind, { namespace, name }: ObjectName, subresource?: string): string {
  return `${collectionPath(kind, namespace)}/${encodeURIComponent(name)}${subresource ? `/${subresource}` : ''}`
}

const nameOf = (object: KubeObject): ObjectName => ({
  name: object.metadata?.name ?? '',
  ...(object.metadata?.namespace ? { namespace: object.metadata.namespace } : {}),
})

/** Leaves out what is undefined, so that the query holds only what was asked. */
function queryOf(values: Record<string, string | number | undefined>): Record<string, string> {
  const entries = Object.entries(values).filter((entry): entry is [string, string | number] => entry[1] !== undefined)
  return Object.fromEntries(entries.map(([key, value]) => [key, String(value)]))
}

function writeContext(options: WriteOptions) {
  const because = options.because?.metadata?.resourceVersion
  return { ...(because ? { because } : {}), ...(options.signal ? { signal: options.signal } : {}) }
}

function kindClient<T extends KubeObject>(transport: Transport, kind: Kind<T>): KindClient<T> {
  const typed = (object: T): T => ({ ...object, apiVersion: apiVersionOf(kind), kind: kind.kind })
  const put = async (object: T, options: WriteOptions) =>
    (await transport.request({
      method: 'PUT',
      path: objectPath(kind, nameOf(object), options.subresource),
      body: typed(object),
      ...writeContext(options),
    })) as T
  return {
    get: async (name) => (await transport.request({ method: 'GET', path: objectPath(kind, name) })) as T,
    list: async ({ namespace, ...options } = {}) =>
      (await transport.request({
        method: 'GET',
        path: collectionPath(kind, namespace),
        query: queryOf({ ...options }),
      })) as KubeList<T>,
    create: async (object, options = {}) =>
      (await transport.request({
        method: 'POST',
        path: options.subresource
          ? objectPath(kind, nameOf(object), options.subresource)
          : collectionPath(kind, object.metadata?.namespace),
        body: typed(object),
        ...writeContext(options),
      })) as T,
    update: (object, options = {}) => put(object, options),
    updateStatus: (object, options = {}) => put(object, { ...options, subresource: 'status' }),
    patch: async (name, type, patch, options = {}) =>
      (await transport.request({
        method: 'PATCH',
        path: objectPath(kind, name, options.subresource),
        body: patch,
        contentType: type,
        ...writeContext(options),
      })) as T,
    delete: async (name, { propagationPolicy, gracePeriodSeconds, uid, resourceVersion, ...options } = {}) => {
      const preconditions = uid || resourceVersion ? { preconditions: { uid, resourceVersion } } : {}
      await transport.request({
        method: 'DELETE',
        path: objectPath(kind, name),
        body: { apiVersion: 'v1', kind: 'DeleteOptions', propagationPolicy, gracePeriodSeconds, ...preconditions },
        ...writeContext(options),
      })
    },
  }
}

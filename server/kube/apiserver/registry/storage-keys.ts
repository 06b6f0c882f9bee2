// Where objects are kept: `/registry/<resource>/<namespace>/<name>`, as `etcdctl get` shows it in any cluster.
// Built-in kinds stand without their group, and some under names from before v1. Custom resources carry their group.
// Upstream: kubernetes/pkg/kubeapiserver/default_storage_factory_builder.go.

import type { AnyKind } from '../../kinds/define-kind.ts'

const OLD_NAMES: Readonly<Record<string, string>> = {
  nodes: 'minions',
  services: 'services/specs',
  endpoints: 'services/endpoints',
}

/** These two came to be outside the API server, and keep their group as custom resources do. */
const NEWCOMERS = new Set(['apiextensions.k8s.io', 'apiregistration.k8s.io'])

const keepsGroup = ({ group, schema }: AnyKind) => schema !== undefined || NEWCOMERS.has(group)

/** Ends with a slash. */
export function storagePrefix(kind: AnyKind): string {
  if (kind.group === '') return `/registry/${OLD_NAMES[kind.plural] ?? kind.plural}/`
  // events.k8s.io shows the same events as the core group.
  return keepsGroup(kind) ? `/registry/${kind.group}/${kind.plural}/` : `/registry/${kind.plural}/`
}

export function storageKey(kind: AnyKind, namespace: string, name: string): string {
  const stored = binary(name)
  return kind.namespaced ? `${storagePrefix(kind)}${namespace}/${stored}` : `${storagePrefix(kind)}${stored}`
}

/** Keys are strings of bytes. Most names are ASCII by validation; those of roles and bindings may be in any script. */
const binary = (name: string) => (/[^\0-\x7f]/.test(name) ? Buffer.from(name).toString('latin1') : name)

/** The keys of one namespace, or of all. */
export function listPrefix(kind: AnyKind, namespace: string): string {
  return kind.namespaced && namespace ? `${storagePrefix(kind)}${namespace}/` : storagePrefix(kind)
}

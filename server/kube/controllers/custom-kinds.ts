// The kinds that people have brought along, for loops that work on every kind there is. They come and go while loops run.

import type { CustomResourceDefinition as Wire } from 'kubernetes-types/apiextensions/v1'
import type { ClusterView } from '../client/controller-builder.ts'
import { CustomResourceDefinition } from '../kinds/custom-resource-definition.ts'
import { type AnyKind, apiVersionOf, defineKind } from '../kinds/define-kind.ts'

/** What a client must know to reach the objects; undefined while nobody can. */
function servedKind({ spec, status }: Wire): AnyKind | undefined {
  const isServed = status?.conditions?.some(({ type, status: is }) => type === 'Established' && is === 'True')
  const version =
    spec.versions.find(({ served, storage }) => served && storage) ?? spec.versions.find((one) => one.served)
  if (!isServed || !version) return undefined
  const { group, names, scope } = spec
  const { kind, plural } = names
  const subresources = version.subresources?.scale ? ['scale'] : []
  return defineKind({ group, version: version.name, kind, plural, namespaced: scope === 'Namespaced', subresources })
}

export function customKinds(view: ClusterView): AnyKind[] {
  return view
    .cache(CustomResourceDefinition)
    .list()
    .flatMap((definition) => servedKind(definition) ?? [])
}

/** Tells of each kind that comes, and when it goes; one that is served in another version goes and comes. */
export function followCustomKinds(
  view: ClusterView,
  told: { come(kind: AnyKind): void; go(kind: AnyKind): void },
): void {
  const known = new Map<string, AnyKind>()
  view.onChange(CustomResourceDefinition, ({ type, object }) => {
    const name = object.metadata?.name ?? ''
    const before = known.get(name)
    const now = type === 'deleted' ? undefined : servedKind(object)
    if (before && now && apiVersionOf(before) === apiVersionOf(now)) return
    if (before) told.go(before)
    if (now) told.come(now)
    if (now) known.set(name, now)
    else known.delete(name)
  })
}

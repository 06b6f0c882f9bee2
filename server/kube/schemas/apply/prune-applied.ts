// What an applier applied last time and does not now, taken away, unless anybody else owns it. Three steps, as upstream:
// all of last time's, then back what is owned, then back what was never the applier's but went with it. The first and the
// last are in the version of last time, the one between in each in which somebody owns something.
// Upstream: structured-merge-diff/merge/update.go prune, addBackOwnedItems, addBackDanglingItems.

import type { JsonObject } from '../../apimachinery/json.ts'
import { FieldSet } from './field-set.ts'
import type { Managed, ManagedFields } from './managed-fields.ts'
import { fieldSetOf, removeItems } from './typed-value.ts'
import type { Steps, Versions, VersionView } from './versions.ts'

export function* prune(
  { versions }: { versions: Versions },
  merged: JsonObject,
  managed: ManagedFields,
  last: Managed,
): Steps<JsonObject> {
  const view = versions(last.manager.apiVersion)
  // Nobody can say any more what was applied.
  if (!view) return merged
  const whole = yield view.to(merged)
  const lastSet = last.owned.set.withDeclaredFields(view.schema)
  const bare = removeItems(view.schema, whole, lastSet)
  const kept = yield* withOwned({ versions, managed, view }, whole, bare)
  const gone = places(view, whole).difference(places(view, kept)).intersection(lastSet)
  return yield view.from(removeItems(view.schema, whole, gone))
}

/** `bare`, and of `whole` what anybody owns. */
function* withOwned(
  { versions, managed, view }: { versions: Versions; managed: ManagedFields; view: VersionView },
  whole: JsonObject,
  bare: JsonObject,
): Steps<JsonObject> {
  let at = { view, whole, kept: bare }
  for (const [apiVersion, owned] of ownedByVersion(managed, view.apiVersion)) {
    const next = versions(apiVersion)
    if (!next) continue
    if (next.apiVersion !== at.view.apiVersion) {
      const inNext = {
        whole: yield* converted(at.whole, at.view, next),
        kept: yield* converted(at.kept, at.view, next),
      }
      at = { view: next, ...inNext }
    }
    const rest = places(next, at.kept).union(owned.withDeclaredFields(next.schema))
    at.kept = removeItems(next.schema, at.whole, places(next, at.whole).difference(rest))
  }
  return at.view.apiVersion === view.apiVersion ? at.kept : yield* converted(at.kept, at.view, view)
}

function* converted(object: JsonObject, from: VersionView, to: VersionView): Steps<JsonObject> {
  return yield to.to(yield from.from(object))
}

/** What all own together in each version, this one's first. */
function ownedByVersion(managed: ManagedFields, first: string): Map<string, FieldSet> {
  const owned = new Map([[first, new FieldSet()]])
  for (const entry of managed.values()) {
    const { apiVersion } = entry.manager
    owned.set(apiVersion, (owned.get(apiVersion) ?? new FieldSet()).union(entry.owned.set))
  }
  return owned
}

const places = ({ schema }: VersionView, object: JsonObject) => fieldSetOf(schema, object).withDeclaredFields(schema)

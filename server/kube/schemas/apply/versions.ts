// One object in several versions: what a manager owns is told in the version in which it wrote, and is compared there.
// Converting may take time, since a webhook may be asked; where it takes none, nothing waits.
// Upstream: structured-merge-diff/merge/update.go, apimachinery/pkg/util/managedfields/internal/versionconverter.go.

import type { JsonObject } from '../../apimachinery/json.ts'
import type { ApplySchema } from './apply-schema.ts'
import type { FieldSet } from './field-set.ts'
import type { ManagedFields } from './managed-fields.ts'
import { type Comparison, compareTyped } from './typed-value.ts'

type Soon<T> = T | Promise<T>

/** The objects of an endpoint as another version has them. */
export interface VersionView {
  readonly apiVersion: string
  readonly schema: ApplySchema
  /** Places that the endpoint does not take from its writers, as they are named there. */
  readonly ignored: FieldSet
  /** From the version of the endpoint, and back to it. */
  to(object: JsonObject): Soon<JsonObject>
  from(object: JsonObject): Soon<JsonObject>
}

/** Undefined of a version that is not served. */
export type Versions = (apiVersion: string) => VersionView | undefined

/** What yields wherever it may have to wait, and gets what it waited for. */
export type Steps<T> = Generator<Soon<JsonObject>, T, JsonObject>

/** At once where no step has to wait. */
export function settled<T>(steps: Steps<T>): Soon<T> {
  let step = steps.next()
  while (!step.done) {
    if (step.value instanceof Promise) return waited(steps, step.value)
    step = steps.next(step.value)
  }
  return step.value
}

async function waited<T>(steps: Steps<T>, first: Promise<JsonObject>): Promise<T> {
  let step = steps.next(await first)
  while (!step.done) step = steps.next(await step.value)
  return step.value
}

/** What has changed, in the version of the endpoint and in each in which somebody else owns something. */
export type Comparisons = (apiVersion: string) => Comparison | undefined

export function* comparisonsOf(
  told: { own: VersionView; versions: Versions; managed: ManagedFields; comparison: Comparison },
  before: JsonObject,
  after: JsonObject,
): Steps<Comparisons> {
  const { own, versions, managed, comparison } = told
  const known = new Map<string, Comparison | undefined>([[own.apiVersion, comparison]])
  for (const { manager } of managed.values()) {
    const { apiVersion } = manager
    if (known.has(apiVersion)) continue
    const view = versions(apiVersion)
    known.set(apiVersion, view && compareTyped(view.schema, yield view.to(before), yield view.to(after), view.ignored))
  }
  return (apiVersion) => known.get(apiVersion)
}

// Who owns which field, for every endpoint that writes: one field manager a kind and subresource, made when first needed.

import type { AnyKind } from '../../kinds/define-kind.ts'
import type { Path } from '../../schemas/apply/field-set.ts'
import { type FieldManager, fieldManagerOf } from '../../schemas/apply/server-side-apply.ts'
import type { Versions } from '../../schemas/apply/versions.ts'
import type { Schemas } from '../../schemas/schemas.ts'
import type { ServedKind } from './served-kind.ts'

export class FieldManagers {
  readonly #schemas: Schemas
  readonly #known = new WeakMap<AnyKind, Map<string, FieldManager>>()

  constructor(schemas: Schemas) {
    this.#schemas = schemas
  }

  of(kind: AnyKind, subresource: string): FieldManager {
    const bySubresource = this.#known.get(kind) ?? new Map<string, FieldManager>()
    this.#known.set(kind, bySubresource)
    const known = bySubresource.get(subresource)
    if (known) return known
    const ignored = placesNotTaken(kind, subresource)
    const manager = fieldManagerOf(this.#schemas, kind, { subresource, ignored })
    bySubresource.set(subresource, manager)
    return manager
  }

  /** The same objects in every version in which they are served. */
  versionsOf(served: ServedKind, subresource: string): Versions {
    return (apiVersion) => {
      const other = served.inVersion(apiVersion)
      return other && { ...this.of(other.kind, subresource).view, to: other.to, from: other.from }
    }
  }
}

/** What an endpoint drops from its writers, whose it then is not. The same choices as in registry/prepare.ts. */
function placesNotTaken(kind: AnyKind, subresource: string): Path[] {
  switch (subresource) {
    case '':
      return kind.subresources.includes('status') ? [['f:status']] : []
    case 'status':
      return [['f:spec'], ...metadata([...SYSTEM_METADATA, ...(kind.strategy.keptByStatusUpdates ?? [])])]
    case 'finalize':
      return [['f:status'], ...metadata(SYSTEM_METADATA)]
    case 'ephemeralcontainers':
    case 'resize':
      return [['f:metadata'], ['f:status']]
    default:
      return []
  }
}

const SYSTEM_METADATA = ['generateName', 'deletionTimestamp', 'deletionGracePeriodSeconds']

const metadata = (fields: readonly string[]): Path[] => fields.map((name) => ['f:metadata', `f:${name}`])

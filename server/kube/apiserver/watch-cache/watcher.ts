// What happens in a cache, and those who are told of it.

import type { KubeObject } from '../../apimachinery/object-meta.ts'
import type { StatusError } from '../../apimachinery/status-error.ts'
import type { Entry } from './entry.ts'

export interface CacheEvent {
  readonly type: 'ADDED' | 'MODIFIED' | 'DELETED'
  readonly revision: number
  /** For DELETED: the last state, at the revision of its deletion. */
  readonly entry: Entry
  readonly previous: Entry | undefined
  /** Root of the chain of causes. */
  readonly cause: string
}

/** One or many who watch the same. */
export interface Watcher {
  readonly size: number
  /** Told of no change that cannot concern it. */
  readonly fixed: FixedField | undefined
  event(event: CacheEvent): void
  ended(error?: StatusError): void
}

/** What all objects that a watcher may hear of have in common. */
export interface FixedField {
  readonly field: string
  readonly value: string
  read(object: KubeObject): string
}

// The short name of a pod template: the end of the ReplicaSet's name and the label that keeps its pods apart from
// those of other versions. Upstream: ComputeHash in kubernetes/pkg/controller/controller_utils.go (FNV-1a over the
// template, then letters and digits that cannot form words).

import type { PodTemplateSpec } from 'kubernetes-types/core/v1'
import { deepEqual } from '../apimachinery/deep.ts'

export const POD_TEMPLATE_HASH = 'pod-template-hash'

/** `collisionCount` makes a new hash when another template already has this one. */
export function podTemplateHash(template: PodTemplateSpec, collisionCount = 0): string {
  const text = canonical(template) + (collisionCount > 0 ? `#${collisionCount}` : '')
  return safeEncode(String(fnv1a(text)))
}

/** Whether two templates make the same pods; the hash label itself does not count. */
export function sameTemplate(a: PodTemplateSpec | undefined, b: PodTemplateSpec | undefined): boolean {
  return deepEqual(withoutHash(a), withoutHash(b))
}

function withoutHash(template: PodTemplateSpec | undefined): PodTemplateSpec {
  const { [POD_TEMPLATE_HASH]: _, ...labels } = template?.metadata?.labels ?? {}
  return { ...template, metadata: { ...template?.metadata, labels } }
}

/** Keys in order, so that two ways of writing the same are the same. */
export function canonical(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(canonical).join(',')}]`
  if (typeof value !== 'object' || value === null) return JSON.stringify(value) ?? 'null'
  const fields = Object.entries(value)
    .filter(([, field]) => field !== undefined)
    .sort(([a], [b]) => (a < b ? -1 : 1))
  return `{${fields.map(([key, field]) => `${JSON.stringify(key)}:${canonical(field)}`).join(',')}}`
}

function fnv1a(text: string): number {
  let hash = 0x811c9dc5
  for (const byte of new TextEncoder().encode(text)) hash = Math.imul(hash ^ byte, 0x01000193)
  return hash >>> 0
}

const SAFE = 'bcdfghjklmnpqrstvwxz2456789'
const safeEncode = (text: string) => Array.from(text, (char) => SAFE[char.charCodeAt(0) % SAFE.length]).join('')

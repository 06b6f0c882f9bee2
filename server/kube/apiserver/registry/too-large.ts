// Objects that the store does not take, known before the work that is only for what is stored (decision 0114).

import { isLongerThan } from '../../apimachinery/length.ts'
import type { KubeObject } from '../../apimachinery/object-meta.ts'

/** Longer than `most` bytes, whoever owns its fields: without that anything too large is tried again. */
export function isTooLarge({ metadata, ...rest }: KubeObject, most: number | undefined): boolean {
  return most !== undefined && isLongerThan([rest, { ...metadata, managedFields: undefined }], most)
}

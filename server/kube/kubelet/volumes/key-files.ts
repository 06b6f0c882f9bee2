// The keys of a ConfigMap or Secret as files: all of them, or those chosen by `items`.

import type { ConfigMap, KeyToPath, Secret } from 'kubernetes-types/core/v1'
import type { FileContent } from '../../node-os/node-os.ts'

export function contentsOf(object: ConfigMap | Secret | undefined): Map<string, Uint8Array> {
  const result = new Map<string, Uint8Array>()
  if (!object) return result
  const isSecret = object.kind === 'Secret' || 'stringData' in object
  for (const [key, value] of Object.entries(object.data ?? {})) {
    result.set(key, Buffer.from(value, isSecret ? 'base64' : 'utf8'))
  }
  for (const [key, value] of Object.entries((object as ConfigMap).binaryData ?? {})) {
    result.set(key, Buffer.from(value, 'base64'))
  }
  return result
}

export function filesOf(
  contents: ReadonlyMap<string, Uint8Array>,
  options: { items: KeyToPath[] | undefined; mode: number; optional: boolean; source: string },
): FileContent[] {
  const { items, mode, optional, source } = options
  if (!items) return [...contents].map(([path, content]) => ({ path, content, mode }))
  return items.flatMap((item) => {
    const content = contents.get(item.key)
    if (content) return [{ path: item.path, content, mode: item.mode ?? mode }]
    if (optional) return []
    throw new Error(`${source === 'config' ? 'configmap ' : ''}references non-existent ${source} key: ${item.key}`)
  })
}

// A Secret as it may be shown to whoever looks at what happens: that it has keys and how long their values are, as
// `kubectl describe` tells, and never what they are.

import type { KubeObject } from '../apimachinery/object-meta.ts'

const APPLIED = 'kubectl.kubernetes.io/last-applied-configuration'

interface SecretLike extends KubeObject {
  data?: Record<string, string> | null
  stringData?: Record<string, string> | null
}

/** Anything that is no Secret is handed back as it is. Also for patches, which hold some of an object. */
export function withoutSecrets<T extends object>(about: { group: string; resource: string }, object: T): T {
  if (about.group !== '' || about.resource !== 'secrets') return object
  const { data, stringData, metadata, ...rest } = object as SecretLike
  const annotations = metadata?.annotations
  return {
    ...rest,
    ...(metadata
      ? {
          metadata: annotations?.[APPLIED]
            ? { ...metadata, annotations: { ...annotations, [APPLIED]: HIDDEN } }
            : metadata,
        }
      : {}),
    ...(data ? { data: lengths(data, 'base64') } : {}),
    ...(stringData ? { stringData: lengths(stringData, 'utf8') } : {}),
  } as unknown as T
}

const HIDDEN = '(hidden)'

function lengths(values: Record<string, unknown>, encoding: 'base64' | 'utf8'): Record<string, string> {
  const shown = (value: unknown) => (typeof value === 'string' ? `${Buffer.byteLength(value, encoding)} bytes` : HIDDEN)
  return Object.fromEntries(Object.entries(values).map(([key, value]) => [key, shown(value)]))
}

// In which form the client wants its answer, by its Accept header. The first form we have wins.
// Upstream: apiserver/pkg/endpoints/handlers/negotiation.

import { StatusError } from '../../apimachinery/status-error.ts'

export type Representation =
  | { as: 'object'; format: 'json' | 'yaml' | 'protobuf' }
  | { as: 'table'; version: 'v1' | 'v1beta1' }
  | { as: 'partial' }
  | { as: 'partial list' }
  | { as: 'discovery' }

const PLAIN: Representation = { as: 'object', format: 'json' }

export function negotiate(accept: string): Representation {
  if (accept === '' || accept === 'application/json') return PLAIN
  for (const clause of accept.split(',')) {
    const [type = '', ...parameters] = clause.split(';').map((part) => part.trim())
    const told = Object.fromEntries(parameters.map((parameter) => parameter.split('=', 2) as [string, string]))
    const found = representationOf(type, told)
    if (found) return found
  }
  // JSON is what is stored, so it comes first; protobuf is for those who take nothing else.
  if (/application\/vnd\.kubernetes\.protobuf(?!\s*;\s*as=)/.test(accept)) return { as: 'object', format: 'protobuf' }
  throw new StatusError(
    'NotAcceptable',
    'only the following media types are accepted: application/json, application/yaml, application/vnd.kubernetes.protobuf',
  )
}

function representationOf(type: string, told: Record<string, string>): Representation | undefined {
  if (type === 'application/yaml') return { as: 'object', format: 'yaml' }
  if (type !== 'application/json' && type !== '*/*' && type !== 'application/*') return undefined
  const { as, g, v } = told
  if (as === undefined) return PLAIN
  if (g === 'apidiscovery.k8s.io') return v === 'v2' ? { as: 'discovery' } : undefined
  if (g !== 'meta.k8s.io' || (v !== 'v1' && v !== 'v1beta1')) return undefined
  if (as === 'Table') return { as: 'table', version: v }
  if (as === 'PartialObjectMetadata') return { as: 'partial' }
  return as === 'PartialObjectMetadataList' ? { as: 'partial list' } : undefined
}

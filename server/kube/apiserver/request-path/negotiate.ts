// In which form the client wants its answer, by its Accept header: the first form it names that is offered here.
// Upstream: apiserver/pkg/endpoints/handlers/negotiation.

import { StatusError } from '../../apimachinery/status-error.ts'

export type Format = 'json' | 'yaml' | 'protobuf'

export type Representation = { format: Format; pretty: boolean } & (
  | { as: 'object' | 'discovery' }
  | { as: 'table' | 'partial' | 'partial list'; version: 'v1' | 'v1beta1' }
)

export interface Offer {
  /** Custom resources have no such form, only their metadata alone. */
  protobuf: boolean
  /** Objects that are stored can be shown as rows, or by their metadata alone. */
  transforms: boolean
  /** The whole of discovery in one document. */
  discovery: boolean
  /** Answered by events, into which YAML cannot be cut: whoever accepts it first is refused, in YAML. */
  stream: boolean
}

export const PLAIN: Representation = { as: 'object', format: 'json', pretty: false }
export const PLAIN_OFFER: Offer = { protobuf: true, transforms: false, discovery: false, stream: false }

const FORMAT_OF: Readonly<Record<string, Format>> = {
  'application/json': 'json',
  'application/yaml': 'yaml',
  'application/vnd.kubernetes.protobuf': 'protobuf',
}

interface Clause {
  type: string
  quality: number
  told: Readonly<Record<string, string>>
}

export function negotiate(accept: string, offered: () => Offer): Representation {
  // What most send: there is no need to know what else is offered.
  if (accept === '' || accept === 'application/json' || accept === '*/*') return PLAIN
  const offer = offered()
  const formats = Object.entries(FORMAT_OF)
  for (const { type, told } of clausesOf(accept)) {
    for (const [mediaType, format] of formats) {
      if (type !== mediaType && type !== '*/*' && type !== 'application/*') continue
      const found = representationOf(format, told, offer)
      if (found) return found
    }
  }
  throw notAcceptable(offer)
}

export function notAcceptable({ stream }: Offer): StatusError {
  const types = Object.entries(FORMAT_OF)
    .filter(([, format]) => format !== 'yaml' || !stream)
    .map(([type]) => (stream ? `${type};stream=watch` : type))
  return new StatusError('NotAcceptable', `only the following media types are accepted: ${types.join(', ')}`)
}

/** The first of the types offered that the client takes, or undefined. For documents, which know no parameters. */
export function firstAccepted(accept: string, offered: readonly string[]): string | undefined {
  for (const { type } of clausesOf(accept || '*/*')) {
    const found = offered.find((one) => type === '*/*' || type === 'application/*' || type === one)
    if (found) return found
  }
  return undefined
}

/** As the client prefers them: by quality first, wildcards last, otherwise as they stand. */
export function clausesOf(accept: string): Clause[] {
  const clauses = accept.split(',').map((clause): Clause => {
    const [type = '', ...parameters] = clause.split(';').map((part) => part.trim())
    const told = Object.fromEntries(parameters.map((parameter) => parameter.split('=', 2) as [string, string]))
    const quality = told.q === undefined ? 1 : Number(told.q)
    return { type, told, quality: Number.isNaN(quality) ? 0 : quality }
  })
  const wildcards = ({ type }: Clause) => (type === '*/*' ? 2 : type.endsWith('/*') ? 1 : 0)
  return clauses.sort((a, b) => b.quality - a.quality || wildcards(a) - wildcards(b))
}

function representationOf(
  format: Format,
  { as, g, v, sv, stream, pretty }: Readonly<Record<string, string>>,
  offer: Offer,
): Representation | undefined {
  if (sv || (stream && (stream !== 'watch' || format === 'yaml'))) return undefined
  const form = { format, pretty: pretty === '1' }
  if (as === undefined && g === undefined && v === undefined) {
    return format === 'protobuf' && !offer.protobuf ? undefined : { ...form, as: 'object' }
  }
  if (g === 'apidiscovery.k8s.io') {
    const isKnown = offer.discovery && as === 'APIGroupDiscoveryList' && v === 'v2'
    return isKnown ? { ...form, as: 'discovery' } : undefined
  }
  if (!offer.transforms || g !== 'meta.k8s.io' || (v !== 'v1' && v !== 'v1beta1')) return undefined
  if (as === 'Table') return format === 'protobuf' ? undefined : { ...form, as: 'table', version: v }
  if (as === 'PartialObjectMetadata') return { ...form, as: 'partial', version: v }
  return as === 'PartialObjectMetadataList' ? { ...form, as: 'partial list', version: v } : undefined
}

/** People who look with a browser or with curl get lines; programs get none. `?pretty=` says otherwise. */
export function wantsPretty(query: URLSearchParams, userAgent: string): boolean {
  const told = query.get('pretty')
  if (told) return /^(?:1|t|true)$/i.test(told)
  return /^(?:curl|Wget|Mozilla\/5\.0)/.test(userAgent)
}

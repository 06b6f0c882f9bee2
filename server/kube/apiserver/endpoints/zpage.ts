// What `/flagz` and `/statusz` have in common: they are for people, as text; and for programs that ask for the object by its
// kind. Upstream: apiserver/pkg/server/{flagz,statusz}.

import { StatusError } from '../../apimachinery/status-error.ts'
import type { Answer } from '../request-path/answer.ts'
import { clausesOf } from '../request-path/negotiate.ts'
import type { RequestContext } from '../request-path/request-context.ts'
import { textAnswer } from './health.ts'

const COMPONENT = 'apiserver'

const FORMATS = { 'application/json': 'json', 'application/yaml': 'yaml' } as const
const VERSIONS = new Set(['v1beta1', 'v1alpha1'])

interface Page {
  /** `Flagz`, at `/flagz`. */
  kind: string
  text(): string
  /** Beside its kind, its version and whose it is. */
  object(): object
}

export function zpage(context: RequestContext, accept: string, page: Page): Answer {
  for (const { type, told } of clausesOf(accept || '*/*')) {
    if (told.as === undefined && /^(\*|text)\/(\*|plain)$/.test(type)) {
      return textAnswer(200, `${headOf(page)}${page.text()}`)
    }
    const format = FORMATS[type as keyof typeof FORMATS]
    if (!format || told.as !== page.kind || told.g !== 'config.k8s.io' || !VERSIONS.has(told.v ?? '')) continue
    if (told.v === 'v1alpha1') {
      const name = page.kind.toLowerCase()
      context.warn(`This version of the ${name} endpoint is deprecated. Please use a newer version.`)
    }
    context.representation = { as: 'object', format, pretty: context.representation.pretty }
    const { kind } = page
    const object = { kind, apiVersion: `config.k8s.io/${told.v}`, metadata: { name: COMPONENT }, ...page.object() }
    return { type: 'object', code: 200, object }
  }
  const types = [...Object.keys(FORMATS), 'text/plain'].join(', ')
  throw new StatusError('NotAcceptable', `only the following media types are accepted: ${types}`)
}

const headOf = ({ kind }: Page) => `
${COMPONENT} ${kind.toLowerCase()}
Warning: This endpoint is not meant to be machine parseable, has no formatting compatibility guarantees and is for debugging purposes only.
`

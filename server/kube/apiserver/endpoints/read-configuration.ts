// The body of an apply patch: YAML, which JSON is too. A key given twice is a mistake worth telling, but not worth
// refusing unless asked to. Upstream: endpoints/handlers/patch.go applyPatcher.

import { parseDocument } from 'yaml'
import { isJsonObject, type JsonObject, type JsonValue } from '../../apimachinery/json.ts'
import { badRequest } from '../../apimachinery/status-error.ts'
import { plainJson, readJson } from '../../schemas/strict-json.ts'
import type { ApiRequest } from '../request-path/api-request.ts'
import { readText, YAML_ALIASES } from '../request-path/read-body.ts'

export const APPLY_PATCH = 'application/apply-patch+yaml'

export const isApplyPatch = ({ contentType }: ApiRequest) => contentType.split(';', 1)[0]?.trim() === APPLY_PATCH

export interface Configuration {
  applied: JsonObject
  /** `line 3: key "replicas" already set in map` */
  duplicates: string[]
}

export async function readConfiguration(request: ApiRequest): Promise<Configuration> {
  if (request.body.type === 'object') return { applied: asObject(request.body.value as JsonValue), duplicates: [] }
  const text = (await readText(request)) ?? ''
  const plain = text.startsWith('{') ? readAsJson(text) : undefined
  if (plain !== undefined) return { applied: asObject(plain), duplicates: [] }
  const document = parseDocument(text, { schema: 'core' })
  const problem = document.errors.find(({ code }) => code !== 'DUPLICATE_KEY')
  if (problem) throw notYaml(problem.message.split('\n', 1)[0] ?? '')
  const duplicates = document.errors.map(({ linePos, pos }) => {
    return `line ${linePos?.[0].line}: key ${JSON.stringify(keyAt(text, pos[0]))} already set in map`
  })
  try {
    return { applied: asObject((document.toJS({ maxAliasCount: YAML_ALIASES }) ?? {}) as JsonValue), duplicates }
  } catch (err) {
    throw notYaml(err instanceof Error ? err.message : 'unreadable')
  }
}

/** What kubectl sends. Anything doubtful is left to the YAML reader, which knows where it stands. */
function readAsJson(text: string): JsonValue | undefined {
  try {
    const { value, duplicates } = readJson(text)
    return duplicates.length === 0 ? plainJson(value) : undefined
  } catch {
    return undefined
  }
}

function asObject(value: JsonValue): JsonObject {
  if (isJsonObject(value)) return value
  throw badRequest(
    `error decoding YAML: error unmarshaling JSON: while decoding JSON: json: cannot unmarshal ${Array.isArray(value) ? 'array' : typeof value} into Go value of type map[string]interface {}`,
  )
}

const notYaml = (why: string) => badRequest(`error decoding YAML: error converting YAML to JSON: yaml: ${why}`)

function keyAt(text: string, from: number): string {
  const [key = ''] = /^(?:"(?:[^"\\]|\\.)*"|'[^']*'|[^\s:]+)/.exec(text.slice(from)) ?? []
  return key.replace(/^["']|["']$/g, '')
}

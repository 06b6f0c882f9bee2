// The body of an apply patch: YAML, which JSON is too. A key given twice is a mistake worth telling, but not worth
// refusing unless asked to. Upstream: endpoints/handlers/patch.go applyPatcher.

import { isDeeperThan } from '../../apimachinery/deep.ts'
import { KEPT_DEPTH } from '../../apimachinery/depth.ts'
import { isJsonObject, type JsonObject, type JsonValue } from '../../apimachinery/json.ts'
import { badRequest } from '../../apimachinery/status-error.ts'
import { readPlainJson, tooDeep } from '../../schemas/strict-json.ts'
import type { ApiRequest } from '../request-path/api-request.ts'
import { readText } from '../request-path/read-body.ts'
import { readYaml } from '../request-path/read-yaml.ts'

export const APPLY_PATCH = 'application/apply-patch+yaml'

const UNREADABLE = 'error decoding YAML: error converting YAML to JSON'

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
  const { value, duplicates } = readYaml(text, (why) => badRequest(`${UNREADABLE}: ${why}`))
  return { applied: asObject(value ?? {}), duplicates }
}

/** What kubectl sends. Anything doubtful is left to the YAML reader, which knows where it stands. */
function readAsJson(text: string): JsonValue | undefined {
  try {
    const { value, duplicates, depth } = readPlainJson(text)
    return duplicates.length === 0 && depth <= KEPT_DEPTH ? value : undefined
  } catch {
    return undefined
  }
}

function asObject(value: JsonValue): JsonObject {
  if (isDeeperThan(value, KEPT_DEPTH)) throw badRequest(`${UNREADABLE}: ${tooDeep().message}`)
  if (isJsonObject(value)) return value
  throw badRequest(
    `error decoding YAML: error unmarshaling JSON: while decoding JSON: json: cannot unmarshal ${Array.isArray(value) ? 'array' : typeof value} into Go value of type map[string]interface {}`,
  )
}

// One mutation of a MutatingAdmissionPolicy, done to an object as it stands on the wire.
// Upstream: apiserver/pkg/admission/plugin/policy/mutating/patch.

import { isJsonObject, type JsonObject, type JsonValue } from '../../../apimachinery/json.ts'
import { isFailedTest, jsonPatch } from '../../../apimachinery/patch/json-patch.ts'
import { internalError } from '../../../apimachinery/status-error.ts'
import { textFindings } from '../../../apimachinery/told.ts'
import { jsonOfCel, misnamedMessages } from '../../../cel/json-of-cel.ts'
import { CelMessage } from '../../../cel/library/messages.ts'
import { apiVersionOf } from '../../../kinds/define-kind.ts'
import type { Mutation } from '../../../kinds/mutating-admission-policy.ts'
import { type ApplySchema, resolved } from '../../../schemas/apply/apply-schema.ts'
import { typeProblems } from '../../../schemas/apply/typed-check.ts'
import { mergeTyped } from '../../../schemas/apply/typed-value.ts'
import type { GroupVersionKind, Schemas } from '../../../schemas/schemas.ts'
import { decodeAs } from '../../request-path/read-body.ts'
import type { Turn } from '../expressions/compiled.ts'

export interface Patching {
  schemas: Schemas
  kind: GroupVersionKind
  schema: ApplySchema
}

/** Throws in words for whoever wrote the policy. */
export async function mutated(object: JsonObject, mutation: Mutation, turn: Turn, of: Patching): Promise<JsonObject> {
  return mutation.patchType === 'JSONPatch'
    ? patched(object, await turn.run(mutation.jsonPatch?.expression ?? ''), of)
    : applied(object, await turn.run(mutation.applyConfiguration?.expression ?? ''), of)
}

function applied(object: JsonObject, value: unknown, { schemas, kind, schema }: Patching): JsonObject {
  assertNames(value, 'Object')
  const patch = { ...(jsonOfCel(value) as JsonObject), apiVersion: apiVersionOf(kind), kind: kind.kind }
  const fail = (why: string): never => {
    throw new Error(`error applying patch: ${why}`)
  }
  const problems = typeProblems(schemas, kind, patch)
  if (problems.length > 0) {
    const list = problems.length === 1 ? problems[0] : ['errors:', ...problems.map((text) => `  ${text}`)].join('\n')
    fail(`failed to convert patch object to typed object: ${list}`)
  }
  const whole = textFindings().addAll(wholes(schema, patch, '')).all
  if (whole.length > 0) {
    fail(`invalid ApplyConfiguration: may not mutate atomic arrays, maps or structs: ${whole.join(', ')}`)
  }
  return mergeTyped(schema, object, patch)
}

function assertNames(value: unknown, expected: string): void {
  const wrong = misnamedMessages(value, expected)
  if (wrong.length > 0) throw new Error(`type mismatch: ${wrong.join('\n')}`)
}

/** What could only be replaced as a whole: whoever names one of its fields would take away all others. */
function wholes(untyped: ApplySchema, value: JsonValue, path: string): string[] {
  const schema = resolved(untyped, value)
  if (schema.kind === 'map' && isJsonObject(value)) {
    return Object.entries(value).flatMap(([name, inner]) => wholes(schema.field(name).schema, inner, `${path}.${name}`))
  }
  if (schema.kind === 'list' && Array.isArray(value)) {
    return value.flatMap((item, index) => wholes(schema.items, item, `${path}[${index}]`))
  }
  return schema.kind === 'leaf' && typeof value === 'object' && value !== null ? [path] : []
}

function patched(object: JsonObject, value: unknown, { schemas, kind }: Patching): JsonObject {
  if (!Array.isArray(value)) throw new Error('type mismatch: JSONPatchType.expression should evaluate to array')
  const operations = value.map((operation) => {
    if (!(operation instanceof CelMessage)) {
      throw new Error('type mismatch: JSONPatchType.expression should evaluate to array of JSONPatch')
    }
    const { value: content, ...rest } = operation as unknown as JsonObject
    if ((content as unknown) instanceof CelMessage) {
      const { typeName } = (content as unknown as CelMessage).constructor as typeof CelMessage
      assertNames(content, typeName)
    }
    return { ...rest, ...(content === undefined ? {} : { value: jsonOfCel(content) }) }
  })
  let next: JsonValue
  try {
    next = jsonPatch(object, operations)
  } catch (err) {
    // A patch whose test fails is not meant.
    if (isFailedTest(err)) return object
    throw new Error(`JSONPath: ${(err as Error).message}`, { cause: err })
  }
  const refuse = (problems: string[]) => internalError(new Error(`strict decoding error: ${problems.join(', ')}`))
  return decodeAs(schemas, kind, next, { fieldValidation: 'Strict', refuse }) as unknown as JsonObject
}

// JSON patch, RFC 6902: a list of operations, all of them or none. The arithmetic is fast-json-patch's; ours are the
// limits and the words. Upstream: apiserver/pkg/endpoints/handlers/patch.go (jsonPatcher).

import fastJsonPatch, { type Operation } from 'fast-json-patch'
import { deepCopy } from '../deep.ts'
import { isJsonObject, type JsonValue } from '../json.ts'
import { badRequest, StatusError } from '../status-error.ts'

/** One small document can order a lot of work. Upstream's limit. */
const MAX_OPERATIONS = 10_000
/** Upstream's limit, in bytes: a few copies of what was copied before make gigabytes. */
const MAX_COPIED = 3 * 1024 * 1024
const tooMuchCopied = (size: number) =>
  `Unable to complete the copy, the accumulated size increase of copy is ${size}, exceeding the limit ${MAX_COPIED}`
const OPERATIONS = ['add', 'remove', 'replace', 'move', 'copy', 'test']

/** Changes neither argument. Throws BadRequest for what is no patch, Invalid (422) for one that does not fit. */
export function jsonPatch(document: JsonValue, patch: JsonValue): JsonValue {
  const operations = readOperations(patch)
  try {
    let patched = deepCopy(document)
    let copied = 0
    for (const [index, operation] of operations.entries()) {
      const step = exactly(patched, deepCopy(operation))
      if (operation.op === 'copy' && step.op === 'add') copied += JSON.stringify(step.value).length
      if (copied > MAX_COPIED) throw new Error(tooMuchCopied(copied))
      // validate: true (missing targets are errors), mutate: true, banPrototypeModifications: true.
      patched = fastJsonPatch.applyOperation(patched, step, true, true, true, index).newDocument as JsonValue
    }
    return patched
  } catch (cause) {
    throw new StatusError('Invalid', describe(cause, operations), { cause })
  }
}

/** The library copies by way of JSON.parse, which rounds long numbers. */
function exactly(document: JsonValue, operation: Operation): Operation {
  if (operation.op !== 'copy') return operation
  const steps = operation.from.split('/').slice(1).map(fastJsonPatch.unescapePathComponent)
  const value = steps.reduce<unknown>((at, step) => (at as Record<string, unknown> | undefined)?.[step], document)
  return value === undefined ? operation : { op: 'add', path: operation.path, value: deepCopy(value) }
}

/** Is it that what a `test` asks for is not so? */
export const isFailedTest = (err: unknown): boolean =>
  err instanceof StatusError && (err.cause as { name?: string } | undefined)?.name === 'TEST_OPERATION_FAILED'

function readOperations(patch: JsonValue): Operation[] {
  if (!Array.isArray(patch)) throw badRequest('a JSON patch must be a list of operations')
  if (patch.length > MAX_OPERATIONS) {
    throw new StatusError(
      'RequestEntityTooLarge',
      `The allowed maximum operations in a JSON patch is ${MAX_OPERATIONS}, got ${patch.length}`,
    )
  }
  for (const operation of patch) {
    if (!isJsonObject(operation) || !OPERATIONS.includes(String(operation.op))) {
      const op = isJsonObject(operation) && typeof operation.op === 'string' ? operation.op : ''
      throw badRequest(`Unexpected kind: ${op || 'missing operation'}`)
    }
    for (const pointer of ['path', ...(operation.op === 'move' || operation.op === 'copy' ? ['from'] : [])]) {
      const value = operation[pointer]
      if (typeof value !== 'string' || (value !== '' && !value.startsWith('/'))) {
        throw badRequest(`${operation.op} operation has no valid ${JSON.stringify(pointer)}`)
      }
    }
    if (['add', 'replace', 'test'].includes(String(operation.op)) && operation.value === undefined) {
      throw badRequest(`${operation.op} operation of ${operation.path} has no value`)
    }
  }
  return patch as unknown as Operation[]
}

function describe(cause: unknown, operations: Operation[]): string {
  if (cause instanceof RangeError) return 'exceeded max depth'
  const failed = cause as { name?: string; index?: number }
  const operation = operations[failed.index ?? 0]
  const where = operation ? `${operation.op} operation does not apply: doc is missing path: "${operation.path}"` : ''
  switch (failed.name) {
    case 'TEST_OPERATION_FAILED':
      return `testing value ${operation?.path} failed`
    case 'OPERATION_PATH_UNRESOLVABLE':
    case 'OPERATION_PATH_CANNOT_ADD':
      return `${where}: missing value`
    case 'OPERATION_FROM_UNRESOLVABLE':
      return `${operation?.op} operation does not apply: doc is missing from path: missing value`
    case 'OPERATION_VALUE_OUT_OF_BOUNDS':
    case 'OPERATION_PATH_ILLEGAL_ARRAY_INDEX':
      return `${operation?.op} operation does not apply: "${operation?.path}": invalid index referenced`
    default:
      return cause instanceof Error ? (cause.message.split('\n')[0] ?? 'the patch does not apply') : String(cause)
  }
}

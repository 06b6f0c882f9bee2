// The objects that expressions make (message-literals.ts): pieces of an object to lay over another, and operations of a
// JSON patch. Which types there are depends on what is being written: `Object.spec.template` is one as soon as it is
// named. Upstream: apiserver/pkg/cel/mutation.

import { type Environment, Optional } from '@marcbachmann/cel-js'
import { CelObject, celEquals } from '../cel-type.ts'
import type { AstNode } from '../cost.ts'
import { NEW_MESSAGE } from '../message-literals.ts'

/** An object that an expression has made. */
export class CelMessage extends CelObject {
  static readonly typeName: string = ''
}

export const typeOfMessage = (message: CelMessage): string => (message.constructor as typeof CelMessage).typeName

export const JSON_PATCH = 'JSONPatch'
const PATCH_FIELDS = { op: 'string', path: 'string', from: 'string', value: 'dyn' }

/** The library's own walkers, as far as a macro uses them. */
interface Checker {
  check(node: AstNode, context: unknown): { name: string }
  getType(name: string): unknown
  createError(code: string, message: string, node: AstNode): Error
}
interface Evaluator {
  run(node: AstNode, context: unknown): unknown
}
interface Macro {
  args: [AstNode, AstNode]
}
type Entries = readonly (readonly [AstNode, AstNode])[]

/** The types of one environment; `roots` are those that its expressions may make. */
export class MessageTypes {
  readonly #types: Map<string, typeof CelMessage>
  readonly #declared: Set<string>
  readonly #environment: Environment
  readonly #roots: readonly string[]

  constructor(environment: Environment, roots: readonly string[], known?: MessageTypes) {
    this.#environment = environment
    this.#roots = roots
    // The same objects are of the same type in what one environment has become.
    this.#types = known ? known.#types : new Map()
    this.#declared = new Set(known ? known.#declared : undefined)
    if (known) this.declare(this.#types.keys())
    else environment.registerFunction(`${NEW_MESSAGE}(ast, ast): dyn`, macroOf(this.#types), { async: false })
  }

  in(clone: Environment): MessageTypes {
    return new MessageTypes(clone, this.#roots, this)
  }

  declare(names: Iterable<string>): void {
    for (const name of names) {
      const isMade = this.#roots.some((root) => name === root || (root !== JSON_PATCH && name.startsWith(`${root}.`)))
      if (this.#declared.has(name) || !isMade) continue
      const ctor = this.#types.get(name) ?? classOf(name)
      this.#types.set(name, ctor)
      this.#declared.add(name)
      this.#environment.registerType(name, name === JSON_PATCH ? { ctor, fields: PATCH_FIELDS } : { ctor })
      this.#environment.registerOperator(`${name} == ${name}`, celEquals)
    }
  }
}

const classOf = (name: string) =>
  class extends CelMessage {
    static override readonly typeName = name
  }

const macroOf =
  (types: ReadonlyMap<string, typeof CelMessage>) =>
  ({ args: given }: Macro) => ({
    args: given,
    async: false,
    typeCheck(checker: Checker, { args: [type, fields] }: Macro, context: unknown) {
      const name = type.args as string
      if (!types.has(name)) throw checker.createError('unknown_variable', `Unknown variable: ${name}`, type)
      checker.check(fields, context)
      if (name === JSON_PATCH) checkPatchFields(checker, fields.args as Entries, context)
      return checker.getType(name)
    },
    evaluate: (evaluator: Evaluator, { args: [type, fields] }: Macro, context: unknown) =>
      make(types.get(type.args as string)!, evaluator.run(fields, context) as Record<string, unknown>),
  })

function checkPatchFields(checker: Checker, fields: Entries, context: unknown): void {
  for (const [key, value] of fields) {
    const field = (key.args as string).replace(/^\?/, '')
    if (!Object.hasOwn(PATCH_FIELDS, field)) throw checker.createError('no_such_key', `No such key: ${field}`, key)
    const wanted = PATCH_FIELDS[field as keyof typeof PATCH_FIELDS]
    const { name } = checker.check(value, context)
    if (wanted !== 'dyn' && name !== wanted && name !== 'dyn' && !(key.args as string).startsWith('?')) {
      const message = `expected type of field '${field}' is '${wanted}' but provided type is '${name}'`
      throw checker.createError('wrong_field_type', message, value)
    }
  }
}

/** `?field: optional` is left out where there is no value. */
function make(ctor: typeof CelMessage, fields: Record<string, unknown>): CelMessage {
  const message = new ctor() as unknown as Record<string, unknown>
  for (const [key, value] of Object.entries(fields)) {
    if (!key.startsWith('?')) message[key] = value
    else if (value instanceof Optional && value.hasValue()) message[key.slice(1)] = value.value()
  }
  return message as unknown as CelMessage
}

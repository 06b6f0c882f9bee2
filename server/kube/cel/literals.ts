// What is written out in an expression is looked at before it runs: times, durations and patterns that cannot be read, and
// lists and maps of several types. Upstream: cel-go/cel/validator.go.

import { evaluate } from '@marcbachmann/cel-js'
import { compilePattern } from '../schemas/structural/patterns.ts'
import { type AstNode, nodesOf } from './cost.ts'
import { operationOf } from './library/own-names.ts'
import { NEW_MESSAGE } from './message-literals.ts'

interface Type {
  kind: string
  name: string
  keyType?: Type
  valueType?: Type
}
type Node = AstNode & { readonly pos: number; readonly checkedType?: Type }

export interface LiteralProblem {
  pos: number
  words: string
}

const CHECKS: Readonly<Record<string, (text: string) => unknown>> = {
  duration: (text) => evaluate('duration(text)', { text }),
  timestamp: (text) => evaluate('timestamp(text)', { text }),
  matches: compilePattern,
}

/** The first, of an expression whose types are known. */
export function literalProblem(ast: AstNode): LiteralProblem | undefined {
  const exempt = new Set<unknown>()
  for (const node of nodesOf(ast)) {
    const name = operationOf(node)
    const args = node.args as unknown[]
    // The fields of a message look like a map; what is formatted may be of all types.
    if (name === NEW_MESSAGE) exempt.add((args[1] as Node[])[1])
    if (name === 'format') for (const inner of nodesOf((args[2] as Node[])[0]!)) exempt.add(inner)
    if (exempt.has(node)) continue
    const problem =
      node.op === 'list'
        ? mixed(args as Node[])
        : node.op === 'map'
          ? (mixed((args as [Node, Node][]).map(([key]) => key)) ??
            mixed((args as [Node, Node][]).map(([, value]) => value)))
          : Object.hasOwn(CHECKS, name)
            ? unreadable(name, (args.at(-1) as Node[]).at(-1))
            : undefined
    if (problem) return problem
  }
  return undefined
}

function unreadable(name: string, literal: Node | undefined): LiteralProblem | undefined {
  if (literal?.op !== 'value' || typeof literal.args !== 'string') return undefined
  try {
    CHECKS[name]!(literal.args)
    return undefined
  } catch {
    return { pos: literal.pos, words: `invalid ${name} argument` }
  }
}

function mixed(elements: readonly Node[]): LiteralProblem | undefined {
  let joined: Type | undefined
  for (const { checkedType: type, pos } of elements) {
    if (!type) continue
    if (joined && !goesWith(joined, type))
      return { pos, words: `expected type '${joined.name}' but found '${type.name}'` }
    if (!joined || isOpen(type)) joined = type
  }
  return undefined
}

const isOpen = ({ kind }: Type) => kind === 'dyn' || kind === 'param'
const MAY_BE_NULL = /\.|^object\d+$|^optional/

function goesWith(a: Type, b: Type): boolean {
  if (isOpen(a) || isOpen(b)) return true
  if (a.name === 'null' || b.name === 'null') return a.name === b.name || MAY_BE_NULL.test(a.name + b.name)
  if (a.kind !== b.kind || !a.valueType || !b.valueType) return a.name === b.name
  return goesWith(a.valueType, b.valueType) && (!a.keyType || !b.keyType || goesWith(a.keyType, b.keyType))
}

// What running an expression costs, so that no rule can hold up the server: each step counts one, and a step that walks
// a text or makes a list counts more. Upstream: cel-go/interpreter/runtimecost.go, apiserver/pkg/cel/library/cost.go.
//
// The library has no such counter, so every node of a checked expression is given one.

import { operationOf } from './library/own-names.ts'

/** The part of the library's nodes that is used here; the package is pinned to one version. */
export interface AstNode {
  readonly op: string
  readonly args: unknown
  readonly meta: {
    evaluate: Evaluate
    /** What a macro stands for: the loop behind `all`. */
    alternate?: AstNode
    macro?: Record<string, unknown>
  }
  setMeta(key: 'evaluate', value: Evaluate): AstNode
}
type Evaluate = (evaluator: unknown, ast: AstNode, context: unknown) => unknown

export class CostExceeded extends Error {}

export class Meter {
  spent = 0
  #budget = 0

  begin(budget: number): void {
    this.spent = 0
    this.#budget = budget
  }

  add(cost: number): void {
    this.spent += cost
    if (this.spent > this.#budget) throw new CostExceeded('actual cost limit exceeded')
  }
}

/** Tells what something costs before it is done; throws CostExceeded when that is more than is left. */
export type Charge = (cost: number) => void

/** Which expression runs now: the functions of the library are made once for all of them, and charge the one that calls. */
export class Running {
  #meter: Meter | undefined

  /** Expressions run within others: variables of a policy, when they are first looked at. */
  during<T>(meter: Meter, run: () => T): T {
    const outer = this.#meter
    this.#meter = meter
    try {
      return run()
    } finally {
      this.#meter = outer
    }
  }

  readonly charge: Charge = (cost) => this.#meter?.add(Math.ceil(cost))
}

const COST: Readonly<Record<string, number>> = { value: 0, list: 10, map: 30 }
/** Of each character or element walked. */
export const WALKED = 0.1
/** Calls that walk what they are given. */
const WALKS = new Set(
  'contains startsWith endsWith matches find findAll size indexOf lastIndexOf replace split substring join isSorted sum min max in == != + url isURL ip isIP cidr isCIDR quantity isQuantity'.split(
    ' ',
  ),
)

/** Which of its two is walked to its end at most: the first, with the second beside it; of a list, each element. */
const COMPARES: Readonly<Record<string, 0 | 1>> = { '==': 0, '!=': 0, in: 1 }

/** Calls that cost more than any other. Upstream: apiserver/pkg/cel/library/cost.go. */
const DEAR: Readonly<Record<string, number>> = { check: 350_000 }

/** Makes every step tell `counter`; returns the names of the variables met. */
export function meter(root: AstNode, counter: Meter): ReadonlySet<string> {
  const nodes = nodesOf(root)
  const names = new Set<string>()
  const walked = new Set<AstNode>()
  const compared = new Set<AstNode>()
  // A key of a map is found without a look at the others.
  const searched = new Set<AstNode>()
  for (const node of nodes) {
    if (node.op === 'id') names.add(node.args as string)
    if (WALKS.has(operationOf(node))) for (const inner of childrenOf(node.args)) walked.add(inner)
    const whole = childrenOf(node.args)[COMPARES[node.op] ?? -1]
    if (whole) (node.op === 'in' ? searched : compared).add(whole.meta.alternate ?? whole)
  }
  for (const node of nodes) {
    const { evaluate, alternate, macro } = node.meta
    const cost = COST[node.op] ?? DEAR[operationOf(node)] ?? 1
    if (alternate || macro || (cost === 0 && !walked.has(node))) continue
    node.setMeta('evaluate', (evaluator, ast, context) => {
      counter.add(cost)
      const result = evaluate(evaluator, ast, context)
      if (walked.has(node)) counter.add(Math.ceil(lengthOf(result) * WALKED))
      if (compared.has(node) || (searched.has(node) && Array.isArray(result))) chargeInside(result, counter)
      return result
    })
  }
  return names
}

/** All but the elements of a list, which are charged already: upstream charges nothing more. */
function chargeInside(value: unknown, counter: Meter): void {
  if (typeof value !== 'object' || value === null) return
  const isList = Array.isArray(value)
  const inner = isList ? value : value instanceof Map ? [...value.values()] : Object.values(value)
  if (!isList) counter.add(inner.length * WALKED)
  for (const one of inner) {
    if (typeof one !== 'object' || one === null) continue
    if (Array.isArray(one)) counter.add(one.length * WALKED)
    chargeInside(one, counter)
  }
}

const lengthOf = (value: unknown): number => (typeof value === 'string' || Array.isArray(value) ? value.length : 0)

/** Every node of an expression once, those that macros stand for included. */
export function nodesOf(root: AstNode): ReadonlySet<AstNode> {
  const nodes = new Set<AstNode>()
  const visit = (node: AstNode) => {
    if (nodes.has(node)) return
    nodes.add(node)
    for (const inner of childrenOf([node.args, node.meta.alternate, node.meta.macro])) visit(inner)
  }
  visit(root)
  return nodes
}

function childrenOf(value: unknown, depth = 0): AstNode[] {
  if (isNode(value)) return [value]
  if (Array.isArray(value)) return value.flatMap((inner) => childrenOf(inner, depth + 1))
  if (typeof value !== 'object' || value === null || depth > 3) return []
  return Object.getPrototypeOf(value) === Object.prototype
    ? Object.values(value).flatMap((inner) => childrenOf(inner, depth + 1))
    : []
}

const isNode = (value: unknown): value is AstNode =>
  typeof value === 'object' && value !== null && 'setMeta' in value && 'op' in value

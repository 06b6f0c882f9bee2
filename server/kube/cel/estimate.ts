// What an expression may cost at most, told before it runs: from the largest sizes that the types of its variables allow.
// Upstream refuses rules by these numbers, so they are upstream's: cel-go/checker/cost.go. Only the dearer end of each
// estimate is kept; of sizes both ends count.

import { type CelType, fieldName } from './cel-type.ts'
import type { AstNode } from './cost.ts'
import { callEstimate } from './estimate-calls.ts'
import { capped, fixed, type Known, UNKNOWN, union, walk } from './estimate-size.ts'
import { operationOf } from './library/own-names.ts'
import { OPTIONAL_ELEMENT } from './message-literals.ts'

const IDENT = 1
const MAKE_LIST = 10
const MAKE_MAP = 30
const MAKE_MESSAGE = 40

interface Scope {
  names: ReadonlyMap<string, Known>
  /**
   * The type of the first variable. Upstream finds sizes by the way from a variable to the value; where an expression has
   * made the value itself there is no such way, and what lies below is taken for the first variable.
   */
  root: CelType | undefined
}
/** `format.dns1123Label()` is one name to upstream. */
const NAMESPACES = new Set(['format', 'lists', 'sets', 'jsonpatch', 'optional', 'strings', 'ip', 'net'])
const SCALARS = new Set([
  'bool',
  'int',
  'uint',
  'double',
  'null',
  'google.protobuf.Timestamp',
  'google.protobuf.Duration',
])

export function estimateCost(root: AstNode, variables: Readonly<Record<string, CelType>>): number {
  const names = new Map(Object.entries(variables).map(([name, type]) => [name, declared(type, IDENT)]))
  return estimate(root, { names, root: Object.values(variables)[0] }).cost
}

/** A value of a declared type. Whatever may be null is looked through. */
function declared(type: CelType | undefined, cost: number, kind = ''): Known {
  const seen = type?.kind === 'dyn' && type.unlessNull ? type.unlessNull : type
  if (!seen) return { cost, size: SCALARS.has(kind) ? fixed(1) : UNKNOWN, kind }
  if (seen.kind === 'optional') return { ...declared(seen.of, cost), kind: 'optional' }
  const most = 'most' in seen ? seen.most : undefined
  const isOpen = seen.kind === 'own' || seen.kind === 'lazy' || (seen.kind === 'dyn' && most === undefined)
  return { cost, type: seen, size: isOpen ? UNKNOWN : { min: 0, max: most ?? 0 }, kind: seen.kind }
}

function elementOf({ type }: Known, cost: number, { root }: Scope): Known {
  if (type?.kind === 'list') return declared(type.items, cost)
  if (type?.kind === 'map') return declared(type.values, cost)
  return type ? lost(cost) : { ...declared(root, cost), kind: '' }
}

/** Upstream finds no size by this way, nor below it. */
const lost = (cost: number): Known => ({ cost, type: { kind: 'dyn' }, size: UNKNOWN, kind: '' })

interface Checked {
  kind: string
  name: string
  valueType?: { name: string }
}
const checked = (node: AstNode) => (node as AstNode & { checkedType?: Checked }).checkedType

function kindOf(node: AstNode): string {
  const { kind, name } = checked(node) ?? { kind: 'dyn', name: 'dyn' }
  return kind === 'list' || kind === 'map' ? kind : name
}

function estimate(node: AstNode, scope: Scope): Known {
  const found = estimateNode(node, scope)
  return { ...found, kind: found.kind || kindOf(node), element: checked(node)?.valueType?.name }
}

function estimateNode(node: AstNode, scope: Scope): Known {
  const args = node.args as AstNode[]
  switch (node.op) {
    case 'value':
      return literal(node)
    case 'id':
      return identifier(node, scope)
    case '.':
      return select(estimate(args[0]!, scope), node, scope)
    case '.?':
      return { ...select(estimate(args[0]!, scope), node, scope), kind: 'optional' }
    case '[]':
    case '[?]': {
      const [holder, key] = [estimate(args[0]!, scope), estimate(args[1]!, scope)]
      return sized(elementOf(holder, holder.cost + key.cost + 1, scope), node)
    }
    case 'list':
      return made(
        args.map((one) => estimate(one, scope)),
        MAKE_LIST,
        'list',
      )
    case 'map': {
      const entries = node.args as unknown as [AstNode, AstNode][]
      const [keys, values] = [0, 1].map((side) => entries.map((entry) => estimate(entry[side]!, scope)))
      const cost = keys!.reduce((sum, { cost: one }) => sum + one, 0)
      return made(values!, MAKE_MAP + cost, 'map')
    }
    case '?:':
      return conditional(args.map((one) => estimate(one, scope)) as [Known, Known, Known])
    case 'call':
    case 'rcall':
      return call(node, scope)
    case '-_':
      // A negative number is written as one.
      if ((node.args as unknown as AstNode).op === 'value') return literal(node.args as unknown as AstNode)
      return operation(node.op, [estimate(node.args as unknown as AstNode, scope)], node)
    default:
      return operation(
        node.op,
        operandsOf(node).map((one) => estimate(one, scope)),
        node,
      )
  }
}

/** Of one operand the library keeps no list. */
const operandsOf = ({ args }: AstNode): AstNode[] => (Array.isArray(args) ? args : [args as AstNode])

function literal({ args: value }: AstNode): Known {
  if (typeof value === 'string') return { cost: 0, size: fixed([...value].length), kind: 'string' }
  if (value instanceof Uint8Array) return { cost: 0, size: fixed(value.length), kind: 'bytes' }
  return { cost: 0, size: fixed(1), kind: '' }
}

function identifier(node: AstNode, scope: Scope): Known {
  const name = node.args as string
  if (NAMESPACES.has(name) && !scope.names.has(name)) return { cost: 0, size: fixed(1), kind: 'namespace' }
  return scope.names.get(name) ?? sized({ cost: IDENT, size: UNKNOWN, kind: '' }, node)
}

function select(holder: Known, node: AstNode, scope: Scope): Known {
  const [, field] = node.args as [AstNode, string]
  const { type } = holder
  const cost = holder.cost + (holder.kind === 'dyn' ? 0 : IDENT)
  if (type?.kind === 'object') return sized(declared(fieldOf(type, field), cost, kindOf(node)), node)
  // Of a map, entries are found by an index alone.
  return sized(type?.kind === 'map' ? lost(cost) : elementOf(holder, cost, scope), node)
}

const fieldOf = (type: CelType & { kind: 'object' }, name: string): CelType | undefined =>
  Object.entries(type.fields).find(([field]) => fieldName(type, field) === name)?.[1]

/** Numbers and the like are of one size, whatever is known of them. */
const sized = (known: Known, node: AstNode): Known =>
  known.size === UNKNOWN && SCALARS.has(kindOf(node)) ? { ...known, size: fixed(1) } : known

function made(elements: readonly Known[], base: number, kind: string): Known {
  return { cost: elements.reduce((sum, one) => sum + one.cost, base), size: fixed(elements.length), kind }
}

function conditional([condition, left, right]: [Known, Known, Known]): Known {
  return { cost: condition.cost + Math.max(left.cost, right.cost), size: union(left.size, right.size), kind: '' }
}

const ORDERS = new Set(['<', '<=', '>', '>='])
const WALKED = new Set(['string', 'bytes', 'dyn', ''])
/** Two of these are compared at once. */
const OF_ONE_COST = new Set(['kubernetes.Quantity', 'kubernetes.Semver', 'kubernetes.IP', 'kubernetes.CIDR'])

function operation(op: string, operands: readonly Known[], node: AstNode): Known {
  const cost = operands.reduce((sum, one) => sum + one.cost, 0)
  const [left, right] = operands as [Known, Known]
  const scalar = (more: number): Known => ({ cost: cost + more, size: fixed(1), kind: '' })
  if (op === '&&' || op === '||') return scalar(0)
  if (op === '==' || op === '!=' || (ORDERS.has(op) && WALKED.has(left.kind) && WALKED.has(right.kind))) {
    if (OF_ONE_COST.has(left.kind)) return scalar(1)
    return scalar(walk(Math.min(left.size.max, right.size.max)))
  }
  if (op === 'in') return scalar(right.kind === 'map' ? 1 : Math.max(1, right.size.max))
  if (op === '+' && kindOf(node) !== 'int' && kindOf(node) !== 'double' && kindOf(node) !== 'uint') {
    const size = { min: left.size.min + right.size.min, max: capped(left.size.max + right.size.max) }
    return { cost: cost + (left.kind === 'list' ? 1 : Math.max(1, walk(size.max))), size, kind: '' }
  }
  return scalar(1)
}

function call(node: AstNode, scope: Scope): Known {
  const [, ...rest] = node.args as [string, AstNode | AstNode[], AstNode[]?]
  const name = operationOf(node)
  const isMethod = node.op === 'rcall'
  const target = isMethod ? (rest[0] as AstNode) : undefined
  const args = (isMethod ? rest[1] : rest[0]) as AstNode[]
  if (!isMethod && name === 'has') return presence(args[0]!, scope)
  if (target && (node.meta.alternate || node.meta.macro) && LOOPS[name])
    return loop(name, estimate(target, scope), args, scope)
  if (target && node.meta.macro && name === 'sortBy') return sortedBy(estimate(target, scope), args, scope)
  if (target && node.meta.macro && OPTIONAL_MAPS[name]) return mapped(name, estimate(target, scope), args, scope)
  if (name === OPTIONAL_ELEMENT) return estimate(args[0]!, scope)
  if (node.meta.macro && !isMethod) return message(args, scope)
  const of = target && estimate(target, scope)
  const given = args.map((one) => estimate(one, scope))
  const estimated = callEstimate(name, of, given, args.map(literalOf))
  const cost = (of?.cost ?? 0) + given.reduce((sum, one) => sum + one.cost, 0) + estimated.cost
  return { ...sized({ size: UNKNOWN, kind: '', ...estimated, cost: capped(cost) }, node), cost: capped(cost) }
}

const literalOf = ({ op, args }: AstNode): number | undefined =>
  op === 'value' && (typeof args === 'bigint' || typeof args === 'number') ? Number(args) : undefined

/** Asking whether a field is there costs no more than the way to its holder. */
function presence(field: AstNode, scope: Scope): Known {
  const [holder] = field.args as [AstNode, string]
  return { cost: estimate(holder, scope).cost, size: fixed(1), kind: 'bool' }
}

/** `Object{…}`: its type and its fields. */
function message([, fields]: AstNode[], scope: Scope): Known {
  const { cost } = fields ? estimate(fields, scope) : { cost: 0 }
  return { cost: cost - MAKE_MAP + MAKE_MESSAGE, size: fixed(1), kind: '' }
}

/** What each turn of a loop adds to its bodies, by how the macro is spelled out; before and after it. */
const LOOPS: Readonly<Record<string, { around: number; turn: number; made?: 'list' | 'map' }>> = {
  all: { around: 1, turn: 3 },
  exists: { around: 1, turn: 4 },
  exists_one: { around: 2, turn: 2 },
  existsOne: { around: 2, turn: 2 },
  filter: { around: MAKE_LIST + 1, turn: MAKE_LIST + 3, made: 'list' },
  map: { around: MAKE_LIST + 1, turn: MAKE_LIST + 2, made: 'list' },
  transformList: { around: MAKE_LIST + 1, turn: MAKE_LIST + 2, made: 'list' },
  transformMap: { around: MAKE_MAP + 1, turn: 3, made: 'map' },
  transformMapEntry: { around: MAKE_MAP + 1, turn: 2, made: 'map' },
}

/** Upstream gives the list a name, maps it to its keys, and sorts it by them. */
function sortedBy(list: Known, args: readonly AstNode[], scope: Scope): Known {
  const keys = loop('map', { ...list, cost: IDENT }, args, scope)
  const { cost } = callEstimate('sort', { ...keys, element: kindOf(args[1]!) }, [], [])
  return { cost: capped(MAKE_LIST + list.cost + IDENT + keys.cost + cost), size: list.size, kind: 'list' }
}

/** Beside the value, which is asked for twice, and the body: a name, a condition, and what the value is put into again. */
const OPTIONAL_MAPS: Readonly<Record<string, number>> = { optMap: MAKE_LIST + 3, optFlatMap: MAKE_LIST + 2 }

function mapped(name: string, over: Known, [variable, body]: readonly AstNode[], scope: Scope): Known {
  const names = new Map(scope.names).set(variable!.args as string, { ...over, cost: IDENT, kind: '' })
  const made = estimate(body!, { ...scope, names })
  return { ...made, cost: capped(over.cost * 2 + made.cost + OPTIONAL_MAPS[name]!), kind: 'optional' }
}

function loop(name: string, over: Known, args: readonly AstNode[], scope: Scope): Known {
  const { around, turn, made: kind } = LOOPS[name]!
  const names = new Map(scope.names)
  const isMap = over.kind === 'map'
  // Keys of a declared map are of no size to upstream, which has no schema of them.
  const keySize = over.type?.kind === 'map' ? fixed(0) : isMap ? UNKNOWN : fixed(1)
  const key: Known = { cost: IDENT, size: keySize, kind: isMap ? 'string' : 'int' }
  const element = elementOf(over, IDENT, scope)
  const takesTwo = name.startsWith('transform') || (args.length === 3 && name !== 'map')
  const variables = args.slice(0, takesTwo ? 2 : 1).map((one) => one.args as string)
  if (takesTwo) names.set(variables[0]!, key)
  names.set(variables.at(-1)!, takesTwo || !isMap ? element : key)
  const bodies = args.slice(variables.length).map((body) => estimate(body, { ...scope, names }))
  const each = bodies.reduce((sum, body) => sum + body.cost, turn)
  const cost = capped(over.cost + around + over.size.max * each)
  if (!kind) return { cost, size: fixed(1), kind: 'bool' }
  return { cost, size: over.size, kind }
}

// Paths of printer columns, in kubectl's dialect: `.status.conditions[?(@.type=="Ready")].status`,
// `.metadata.labels.app\.kubernetes\.io/name`, `.spec.hosts[*]`. What is missing gives nothing.
// Upstream: client-go/util/jsonpath.

import { isJsonNumber, isJsonObject, type JsonValue, jsonNumber } from '../../apimachinery/json.ts'

type Step = (values: JsonValue[]) => JsonValue[]

/** Compiled once; finds every value the path leads to. A path that cannot be read leads nowhere. */
export function jsonPath(path: string): (root: JsonValue) => JsonValue[] {
  const steps = readSteps(path)
  return (root) => (steps ?? [() => []]).reduce((values, step) => step(values), [root])
}

const NAME = /\.((?:\\.|[^.[\\])+)/y
/** What is escaped is read in one way only: with two ways each, a text without an end took for ever. */
const QUOTED = /\[(?:'((?:\\.|[^'\\])*)'|"((?:\\.|[^"\\])*)")\]/y
const INDEX = /\[(-?\d+)\]/y
const SLICE = /\[(-?\d*):(-?\d*)\]/y
const ALL = /\[\*\]|\.\*/y
const FILTER = /\[\?\(\s*@([^\s=!<>]*)\s*(?:(==|!=|<=?|>=?)\s*(?:'([^']*)'|"([^"]*)"|([^)\s]+))\s*)?\)\]/y

function readSteps(path: string): Step[] | undefined {
  const steps: Step[] = []
  let at = 0
  const read = (pattern: RegExp) => {
    pattern.lastIndex = at
    const match = pattern.exec(path)
    if (match) at += match[0].length
    return match
  }
  while (at < path.length) {
    const step = stepOf(read)
    if (!step) return undefined
    steps.push(step)
  }
  return steps
}

function stepOf(read: (pattern: RegExp) => RegExpExecArray | null): Step | undefined {
  if (read(ALL)) return (values) => values.flatMap(membersOf)
  const name = read(NAME)
  if (name) return field((name[1] ?? '').replace(/\\(.)/g, '$1'))
  const quoted = read(QUOTED)
  if (quoted) return field((quoted[1] ?? quoted[2] ?? '').replace(/\\(.)/g, '$1'))
  const index = read(INDEX)
  if (index)
    return (values) => values.flatMap((value) => (Array.isArray(value) ? (value.at(Number(index[1])) ?? []) : []))
  const slice = read(SLICE)
  if (slice) {
    const [from, to] = [slice[1], slice[2]].map((text) => (text ? Number(text) : undefined))
    return (values) => values.flatMap((value) => (Array.isArray(value) ? value.slice(from, to) : []))
  }
  const filter = read(FILTER)
  return filter ? filterOf(filter) : undefined
}

const membersOf = (value: JsonValue): JsonValue[] =>
  Array.isArray(value) ? value : isJsonObject(value) ? Object.values(value) : []

const field = (name: string): Step => {
  return (values) =>
    values.flatMap((value) => {
      const found = isJsonObject(value) && Object.hasOwn(value, name) ? value[name] : undefined
      return found === undefined ? [] : [found]
    })
}

function filterOf([, path = '', operator, single, double, bare]: RegExpExecArray): Step {
  const find = jsonPath(path)
  const wanted: JsonValue = single ?? double ?? literal(bare ?? '')
  const holds = (value: JsonValue) => {
    const [found] = find(value)
    if (!operator) return found !== undefined
    return found !== undefined && compares(found, operator, wanted)
  }
  return (values) => values.flatMap((value) => membersOf(value).filter(holds))
}

function literal(text: string): JsonValue {
  if (text === 'true' || text === 'false') return text === 'true'
  return text !== '' && Number.isFinite(Number(text)) ? jsonNumber(text) : text
}

function compares(a: JsonValue, operator: string, b: JsonValue): boolean {
  if (operator === '==') return a === b
  if (operator === '!=') return a !== b
  const areNumbers = isJsonNumber(a) && isJsonNumber(b)
  if (!areNumbers && (typeof a !== 'string' || typeof b !== 'string')) return false
  const [left, right] = [a as string, b as string]
  if (operator === '<') return left < right
  if (operator === '<=') return left <= right
  return operator === '>' ? left > right : left >= right
}

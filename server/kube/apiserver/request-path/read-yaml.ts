// YAML as the server reads it: a key given twice is told of, and the last one counts.

import {
  isAlias,
  isCollection,
  isMap,
  isNode,
  isPair,
  isScalar,
  Lexer,
  LineCounter,
  type Node,
  parseDocument,
} from 'yaml'
import { KEPT_DEPTH } from '../../apimachinery/depth.ts'
import { int64Of, type JsonValue, jsonNumber } from '../../apimachinery/json.ts'
import { goSyntax } from '../../apimachinery/patch/go-format.ts'
import { StatusError } from '../../apimachinery/status-error.ts'
import { shortened } from '../../apimachinery/told.ts'
import { AS_GO_READS } from '../../apimachinery/yaml.ts'
import { MOST_PROBLEMS } from '../../schemas/strict-json.ts'

/** Aliases can blow a small body up to gigabytes; nobody needs many. */
const ALIASES = 100
/** The library's own search for keys given twice takes minutes for a map of some ten thousands. */
const READING = { ...AS_GO_READS, uniqueKeys: false, intAsBigInt: true, logLevel: 'error' } as const
/** The library has no limit; that one is Go's, and so are its words. */
const TOO_DEEP = 'exceeded max depth of 10000'
const GO_WORDS = [
  ['call stack', TOO_DEEP],
  ['Excessive alias count', 'document contains excessive aliasing'],
] as const

export interface ReadYaml {
  value: JsonValue
  /** `line 3: key "replicas" already set in map`, as Go's reader says it. */
  duplicates: string[]
}

/** `refusal`: the error, by what Go says of it. */
export function readYaml(text: string, refusal: (why: string) => StatusError): ReadYaml {
  const lines = new LineCounter()
  try {
    if (text.length > KEPT_DEPTH && isTooDeep(text)) throw new Error(TOO_DEEP)
    const document = parseDocument(text, { ...READING, lineCounter: lines })
    const [problem] = document.errors
    if (problem) throw new Error(problem.message.split('\n', 1)[0])
    const nodes = nodesOf(document.contents)
    const circular = selfContaining(document.contents)
    if (circular !== undefined) throw new Error(`anchor '${shortened(circular)}' value contains itself`)
    readNumbers(nodes, refusal)
    const key = invalidKey(nodes)?.toJS(document, { maxAliasCount: ALIASES })
    if (key) throw new Error(shortened(`invalid map key: ${goSyntax(key as JsonValue, 'interface {}')}`))
    const value = (document.toJS({ maxAliasCount: ALIASES }) ?? null) as JsonValue
    return { value, duplicates: duplicatesIn(nodes, lines) }
  } catch (err) {
    if (err instanceof StatusError) throw err
    const why = err instanceof Error ? err.message : 'unreadable'
    throw refusal(`yaml: ${GO_WORDS.find(([ours]) => why.includes(ours))?.[1] ?? why}`)
  }
}

const INDICATORS = new Set(['-', '?', ':'])
// biome-ignore lint/suspicious/noControlCharactersInRegex: with them the lexer says what comes next
const NO_TEXT = /^[\u0002\u0018\u001f\ufeff]$/

/** Counts the columns at which something begins that is not over yet, and brackets. Lists may begin where their keys do. */
function isTooDeep(text: string): boolean {
  const open: number[] = []
  let [brackets, column, begins] = [0, 0, true]
  for (const token of new Lexer().lex(text)) {
    if (NO_TEXT.test(token)) continue
    if (begins && brackets === 0 && !/^(?:#|\s*$)/.test(token)) {
      while ((open.at(-1) ?? -1) >= column) open.pop()
      open.push(column)
      begins = INDICATORS.has(token)
    }
    if (token === '[' || token === '{') brackets++
    else if (token === ']' || token === '}') brackets--
    if (open.length + brackets > KEPT_DEPTH) return true
    column += token.length
    if (token.endsWith('\n')) [column, begins] = [0, true]
  }
  return false
}

/** In the order of the text. The library's own way remembers of each node how it came there, which takes the square of the levels. */
function nodesOf(root: unknown): unknown[] {
  const nodes: unknown[] = []
  const ahead = [root]
  while (ahead.length > 0) {
    const node = ahead.pop()
    if (isPair(node)) ahead.push(node.value, node.key)
    else nodes.push(node)
    if (isCollection(node)) for (let at = node.items.length - 1; at >= 0; at--) ahead.push(node.items[at])
  }
  return nodes
}

const END = Symbol('end')

/** The first anchor with an alias to it inside. */
function selfContaining(root: unknown): string | undefined {
  const anchored = new Map<string, unknown>()
  const open: unknown[] = []
  const inside = new Set<unknown>()
  const ahead = [root]
  while (ahead.length > 0) {
    const node = ahead.pop()
    if (node === END) inside.delete(open.pop())
    else if (isPair(node)) ahead.push(node.value, node.key)
    else if (isAlias(node)) {
      if (inside.has(anchored.get(node.source))) return node.source
    } else if (isNode(node)) {
      if (node.anchor) anchored.set(node.anchor, node)
      if (!isCollection(node)) continue
      open.push(node)
      inside.add(node)
      ahead.push(END)
      for (let at = node.items.length - 1; at >= 0; at--) ahead.push(node.items[at])
    }
  }
  return undefined
}

/** The first key to end that is a map or a list. The library would write a text of it, and of what that holds, over and over. */
function invalidKey(nodes: unknown[]): Node | undefined {
  const keys = new Set<unknown>()
  const anchored = new Map<string, unknown>()
  const endOf = ({ range }: Node) => range?.[1] ?? 0
  let first: Node | undefined
  for (const node of nodes) {
    if (!isNode(node)) continue
    if (isMap(node)) for (const { key } of node.items) keys.add(key)
    const isInvalid = keys.has(node) && isCollection(isAlias(node) ? anchored.get(node.source) : node)
    if (isInvalid && (!first || endOf(node) <= endOf(first))) first = node
    if (!isAlias(node) && node.anchor) anchored.set(node.anchor, node)
  }
  return first
}

/** By way of JSON, which has no infinity; what is too large for any number is a text to Go's reader. */
function readNumbers(nodes: unknown[], refusal: (why: string) => StatusError): void {
  for (const node of nodes) {
    if (!isScalar(node)) continue
    const { value, source = '' } = node
    if (typeof value === 'bigint') node.value = int64Of(value)
    else if (typeof value !== 'number') continue
    else if (Number.isFinite(value)) node.value = jsonNumber(String(value))
    else if (/\d/.test(source)) node.value = source
    else throw refusal(`json: unsupported value: ${IN_GO[String(value) as keyof typeof IN_GO]}`)
  }
}

const IN_GO = { Infinity: '+Inf', '-Infinity': '-Inf', NaN: 'NaN' }

function duplicatesIn(nodes: unknown[], lines: LineCounter): string[] {
  const duplicates: string[] = []
  for (const { items } of nodes.filter(isMap)) {
    const seen = new Set<string>()
    for (const { key } of items) {
      if (!isScalar(key)) continue
      const name = String(key.value)
      if (seen.has(name)) {
        if (duplicates.length === MOST_PROBLEMS) return duplicates
        duplicates.push(
          `line ${lines.linePos(key.range?.[0] ?? 0).line}: key ${JSON.stringify(shortened(name))} already set in map`,
        )
      }
      seen.add(name)
    }
  }
  return duplicates
}

/** What the strict reader answers. */
export const duplicatesError = (duplicates: readonly string[]) =>
  `yaml: unmarshal errors:\n${duplicates.map((line) => `  ${line}`).join('\n')}`

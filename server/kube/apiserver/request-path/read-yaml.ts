// YAML as the server reads it: a key given twice is told of, and the last one counts.

import { type Document, isScalar, LineCounter, parseDocument, visit } from 'yaml'
import type { JsonValue } from '../../apimachinery/json.ts'
import { StatusError } from '../../apimachinery/status-error.ts'
import { AS_GO_READS } from '../../apimachinery/yaml.ts'
import { exactNumber } from '../../schemas/strict-json.ts'

/** Aliases can blow a small body up to gigabytes; nobody needs many. */
const ALIASES = 100
const GO_WORDS = [
  ['call stack', 'exceeded max depth of 10000'],
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
    // The library's own search for keys given twice takes minutes for a map of some ten thousands.
    const document = parseDocument(text, { ...AS_GO_READS, uniqueKeys: false, lineCounter: lines, logLevel: 'error' })
    const [problem] = document.errors
    if (problem) throw new Error(problem.message.split('\n', 1)[0])
    if (LONG_NUMBER.test(text)) assertExact(document)
    const value = (document.toJS({ maxAliasCount: ALIASES }) ?? null) as JsonValue
    return { value, duplicates: duplicatesIn(document, lines) }
  } catch (err) {
    if (err instanceof StatusError) throw err
    const why = err instanceof Error ? err.message : 'unreadable'
    throw refusal(`yaml: ${GO_WORDS.find(([ours]) => why.includes(ours))?.[1] ?? why}`)
  }
}

const LONG_NUMBER = /\d{16}/

function assertExact(document: Document): void {
  visit(document, {
    Scalar(_key, { value, source }) {
      if (typeof value === 'number' && source !== undefined) exactNumber(source.replace(/^\+/, ''))
    },
  })
}

function duplicatesIn(document: Document, lines: LineCounter): string[] {
  const duplicates: string[] = []
  visit(document, {
    Map(_key, { items }) {
      const seen = new Set<string>()
      for (const { key } of items) {
        if (!isScalar(key)) continue
        const name = String(key.value)
        if (seen.has(name)) {
          duplicates.push(
            `line ${lines.linePos(key.range?.[0] ?? 0).line}: key ${JSON.stringify(name)} already set in map`,
          )
        }
        seen.add(name)
      }
    },
  })
  return duplicates
}

/** What the strict reader answers. */
export const duplicatesError = (duplicates: readonly string[]) =>
  `yaml: unmarshal errors:\n${duplicates.map((line) => `  ${line}`).join('\n')}`

// YAML as the server reads it: a key given twice is told of, and the last one counts.

import { parseDocument } from 'yaml'
import type { JsonValue } from '../../apimachinery/json.ts'
import { badRequest } from '../../apimachinery/status-error.ts'

/** Aliases can blow a small body up to gigabytes; nobody needs many. */
const ALIASES = 100

export interface ReadYaml {
  value: JsonValue
  /** `line 3: key "replicas" already set in map`, as Go's reader says it. */
  duplicates: string[]
}

export function readYaml(text: string): ReadYaml {
  const document = parseDocument(text, { schema: 'core' })
  const problem = document.errors.find(({ code }) => code !== 'DUPLICATE_KEY')
  if (problem) throw notYaml(problem.message.split('\n', 1)[0] ?? '')
  const duplicates = document.errors.map(
    ({ linePos, pos }) => `line ${linePos?.[0].line}: key ${JSON.stringify(keyAt(text, pos[0]))} already set in map`,
  )
  try {
    return { value: (document.toJS({ maxAliasCount: ALIASES }) ?? null) as JsonValue, duplicates }
  } catch (err) {
    throw notYaml(err instanceof Error ? err.message : 'unreadable')
  }
}

/** What the strict reader answers. */
export const duplicatesError = (duplicates: readonly string[]) =>
  `yaml: unmarshal errors:\n${duplicates.map((line) => `  ${line}`).join('\n')}`

const notYaml = (why: string) => badRequest(`error converting YAML to JSON: yaml: ${why}`)

function keyAt(text: string, from: number): string {
  const [key = ''] = /^(?:"(?:[^"\\]|\\.)*"|'[^']*'|[^\s:]+)/.exec(text.slice(from)) ?? []
  return key.replace(/^["']|["']$/g, '')
}

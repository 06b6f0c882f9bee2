// The table, read from Go sources, against a second witness of the same Kubernetes release: the declarations of
// @kubernetes/client-node, generated from OpenAPI.

import { existsSync, readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { loadSchemas } from './load-schemas.ts'
import type { ValueType } from './schemas.ts'

const schemas = loadSchemas()
const entry = createRequire(import.meta.url).resolve('@kubernetes/client-node')
const models = join(entry.slice(0, entry.lastIndexOf('client-node') + 'client-node'.length), 'dist/gen/models')

const plain = (name: string) => name.replace(/[^A-Za-z0-9]/g, '')
const capital = (text: string) => text.charAt(0).toUpperCase() + text.slice(1)

function declarationOf(definition: string): string | undefined {
  const [kind = '', version = '', group = ''] = definition.split('.').reverse()
  const names = [`${capital(group)}${capital(version)}${kind}`, `${capital(version)}${kind}`]
  const file = names.map((name) => join(models, `${name}.d.ts`)).find(existsSync)
  return file && readFileSync(file, 'utf8')
}

const EXPECTED: Record<ValueType['kind'], RegExp> = {
  array: /^Array</,
  map: /^\{/,
  ref: /^[A-Z]|^any$/,
  string: /^string$/,
  bytes: /^string$/,
  quantity: /^string$/,
  duration: /^string$/,
  bool: /^boolean$/,
  int32: /^number$/,
  int64: /^number$/,
  double: /^number$/,
  time: /^Date$/,
  microtime: /MicroTime|Date/,
  'int-or-string': /IntOrString/,
  raw: /./,
}

describe('kubernetes.facts.json', () => {
  const seen = schemas.typeNames().flatMap((name) => {
    const declaration = declarationOf(name)
    return declaration ? [{ name, declaration }] : []
  })

  it('has a second witness for nearly all types', () => {
    expect(seen.length).toBeGreaterThan(550)
  })

  it('has the same fields, of the same types, required and optional alike', () => {
    for (const { name, declaration } of seen) {
      const theirs = [...declaration.matchAll(/^ {4}'([^']+)'(\?)?: (.*?);?$/gm)]
      const ours = schemas.type(name)!.fields
      expect([...ours.keys()].map(plain).sort(), name).toEqual(theirs.map(([, field]) => plain(field!)).sort())
      for (const field of ours.values()) {
        const [, , optional, type] = theirs.find(([, other]) => plain(other!) === plain(field.name))!
        expect(field.required, `${name}.${field.name}`).toBe(optional !== '?')
        expect(type, `${name}.${field.name}`).toMatch(EXPECTED[field.type.kind])
      }
    }
  })
})

// Rule 5 of ARCHITECTURE.md: a classroom is many clusters in one process, so nothing in wing 1 remembers anything in a
// module, and only base/clock.ts touches timers. Read off the source, line by line.

import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, it } from 'vitest'

const VARIABLE = /^(?:export )?(?:let|var) (\w+)/
const COLLECTION = /^(?:export )?const (\w+)\b.*= (?:new (?:Map|Set|WeakMap|WeakSet|Array)\b|\[\]|\{\})/
const TIMER = /(?<![.#\w])(?:setTimeout|setInterval)\(/

/** The machine's process waits for its files, and stays alive, before there is anything to hand a clock to. */
const BEFORE_ANY_CLOCK = ['node-agent.ts']

it('finds what it looks for', () => {
  const wrong = [
    'let count = 0',
    'const cache = new Map<string, number>()',
    'const FIXED = new Set(["a"])',
    'cache.set("a", count)',
    'const later = () => setTimeout(later, 1)',
    'clock.setTimeout(later)',
  ].join('\n')
  expect(stateIn('x.ts', wrong)).toEqual(['x.ts:1 count', 'x.ts:2 cache', 'x.ts:5 setTimeout('])
})

it('keeps no state in modules of wing 1, and leaves timers to the clock', () => {
  const files = readdirSync(import.meta.dirname, { recursive: true, encoding: 'utf8' }).filter(
    (name) => name.endsWith('.ts') && !name.endsWith('.test.ts') && !name.split('/').includes('testing'),
  )
  expect(files.length).toBeGreaterThan(100)
  expect(files.flatMap((name) => stateIn(name, readFileSync(join(import.meta.dirname, name), 'utf8')))).toEqual([])
})

/** `file:line what`, for what can change in a module and for timers that are not a clock's. */
function stateIn(file: string, text: string): string[] {
  return text.split('\n').flatMap((line, index) => {
    const collection = COLLECTION.exec(line)?.[1]
    const timer = BEFORE_ANY_CLOCK.includes(file) ? undefined : TIMER.exec(line)?.[0]
    const what = VARIABLE.exec(line)?.[1] ?? (collection && isChanged(text, collection) ? collection : timer)
    return what === undefined ? [] : [`${file}:${index + 1} ${what}`]
  })
}

function isChanged(text: string, name: string): boolean {
  return new RegExp(`\\b${name}(\\.(set|add|delete|clear|push|pop|shift|unshift|splice)\\(|\\[[^\\]]+\\] =[^=])`).test(
    text,
  )
}

// Where in a manifest the cursor is, told from lines and their indentation: while one types, the text is hardly ever
// whole YAML, and a parser would lose the place just when it is needed.

import { type FieldPath, ITEM } from './schema.ts'

export interface CursorPlace {
  apiVersion: string
  kind: string
  /** The field whose name is typed or pointed at, or whose value is. Its parents' path for a name that is being typed. */
  path: FieldPath
  typing: 'name' | 'value'
  /** What of the word stands before the cursor, and where it begins. */
  word: string
  from: number
  /** Fields that are there already, beside the one that is typed. */
  siblings: ReadonlySet<string>
}

interface Mark {
  is: 'key' | 'dash'
  column: number
  line: number
  name: string
}

const KEY = /^(["']?)([\w./-]+)\1:(?=\s|$)/
const BLOCK = /:\s*[|>][-+\d]*\s*(#.*)?$/

/** Undefined where nothing is to be said: in comments, texts of several lines, flow style. */
export function cursorAt(text: string, offset: number): CursorPlace | undefined {
  const before = text.slice(0, offset)
  const line = before.slice(before.lastIndexOf('\n') + 1)
  const found = /^((?:\s*- +)*\s*)(?:(["']?)([\w./-]+)\2:(\s+))?(["']?[\w./-]*)$/.exec(line)
  if (!found) return undefined
  const [, indent = '', , key, , typed = ''] = found
  const document = documentAround(text, offset)
  const number = countLines(text.slice(document.from, offset))
  const marks = marksOf(document.text)
  if (marks.blocks.some(({ first, last }) => number >= first && number <= last)) return undefined
  const place = {
    apiVersion: topLevel(document.text, 'apiVersion'),
    kind: topLevel(document.text, 'kind'),
    word: typed.replace(/^["']/, ''),
    from: offset - typed.length,
  }
  const dashes = [...indent.matchAll(/-/g)].map(
    ({ index }) => ({ is: 'dash', column: index, line: number, name: '' }) as const,
  )
  const parents = pathUp([...marks.list.filter((mark) => mark.line < number), ...dashes], indent.length)
  if (key !== undefined) return { ...place, typing: 'value', path: [...parents, key], siblings: new Set() }
  return { ...place, typing: 'name', path: parents, siblings: siblingsOf(marks.list, number, indent) }
}

/** The field whose name is at the offset, with its path. */
export function fieldAt(text: string, offset: number): (CursorPlace & { to: number }) | undefined {
  const start = text.lastIndexOf('\n', offset - 1) + 1
  const end = text.indexOf('\n', offset)
  const line = text.slice(start, end < 0 ? undefined : end)
  const [, indent = '', rest = ''] = /^((?:\s*- +)*\s*)(.*)$/.exec(line) ?? []
  const [, quote = '', name = ''] = KEY.exec(rest) ?? []
  const from = start + indent.length
  const to = from + name.length + 2 * quote.length
  if (!name || offset < from || offset > to) return undefined
  const place = cursorAt(text, from)
  return place && { ...place, path: [...place.path, name], from, to }
}

function documentAround(text: string, offset: number): { text: string; from: number } {
  let from = 0
  for (const { index } of text.matchAll(/^---(?=\s|$).*$/gm)) {
    if (index >= offset) return { text: text.slice(from, index), from }
    from = index
  }
  return { text: text.slice(from), from }
}

/** The structure, line by line, and where texts of several lines are. */
function marksOf(text: string): { list: Mark[]; blocks: { first: number; last: number }[] } {
  const list: Mark[] = []
  const blocks: { first: number; last: number }[] = []
  let block: { column: number; first: number; last: number } | undefined
  text.split('\n').forEach((line, number) => {
    const [, indent = '', rest = ''] = /^((?:\s*- +)*\s*)(.*)$/.exec(line) ?? []
    if (block && line.trim() === '') return
    if (block && line.search(/\S/) > block.column) {
      block.last = number
      return
    }
    block = undefined
    if (rest === '' || rest.startsWith('#') || rest.startsWith('---')) return
    for (const { index } of indent.matchAll(/-/g)) list.push({ is: 'dash', column: index, line: number, name: '' })
    if (rest === '-') list.push({ is: 'dash', column: indent.length, line: number, name: '' })
    const name = KEY.exec(rest)?.[2]
    if (name === undefined) return
    list.push({ is: 'key', column: indent.length, line: number, name })
    if (BLOCK.test(rest)) {
      // What is indented deeper than the field, or than its dash, is text.
      block = { column: indent.search(/\S/) < 0 ? indent.length : indent.search(/\S/), first: number + 1, last: number }
      blocks.push(block)
    }
  })
  return { list, blocks }
}

/** From the innermost parent outwards: whatever stands further left, and a list's dash may stand right below its field. */
function pathUp(marks: readonly Mark[], column: number): FieldPath {
  const path: (string | typeof ITEM)[] = []
  let at: Pick<Mark, 'is' | 'column'> = { is: 'key', column }
  for (const mark of [...marks].reverse()) {
    const isParent = mark.column < at.column || (at.is === 'dash' && mark.is === 'key' && mark.column === at.column)
    if (!isParent) continue
    path.unshift(mark.is === 'dash' ? ITEM : mark.name)
    at = mark
  }
  return path
}

/** Names at the same column, up and down until something stands further left; a dash on our own line begins anew. */
function siblingsOf(marks: readonly Mark[], line: number, indent: string): Set<string> {
  const names = new Set<string>()
  const collect = (ordered: readonly Mark[]) => {
    for (const mark of ordered) {
      if (mark.column < indent.length) return
      if (mark.is === 'key' && mark.column === indent.length) names.add(mark.name)
    }
  }
  if (!indent.includes('-')) collect(marks.filter((mark) => mark.line < line).reverse())
  collect(marks.filter((mark) => mark.line > line))
  return names
}

function topLevel(text: string, name: string): string {
  const [, value = ''] = new RegExp(`^["']?${name}["']?:\\s*["']?([\\w./-]+)`, 'm').exec(text) ?? []
  return value
}

const countLines = (text: string): number => text.split('\n').length - 1

// Reads what Kubernetes' API packages declare: structs with their tags and markers, named types, constants.
//
// This is no Go parser. The API packages are written in one narrow style (gofmt, one field a line, markers in the
// comment above), and lines are all that is needed; whatever does not look like that style is an error, not a guess.

export interface GoField {
  /** Empty for an embedded type. */
  name: string
  type: string
  /** `json`, `protobuf`, `patchStrategy`, … */
  tags: Record<string, string>
  /** The `+marker` lines of the comment above, without the plus sign. */
  markers: string[]
}

export interface GoStruct {
  name: string
  fields: GoField[]
  markers: string[]
}

export interface GoNamedType {
  name: string
  /** `string`, `[]string`, `map[ResourceName]resource.Quantity`. */
  underlying: string
  markers: string[]
}

export interface GoConstant {
  name: string
  type: string
  value: unknown
}

export interface GoFile {
  package: string
  /** Name in this file → import path. */
  imports: Map<string, string>
  structs: GoStruct[]
  named: GoNamedType[]
  constants: GoConstant[]
}

export function readGoFile(text: string): GoFile {
  const file: GoFile = { package: '', imports: new Map(), structs: [], named: [], constants: [] }
  const lines = text.split('\n')
  let comment: string[] = []
  for (let at = 0; at < lines.length; at++) {
    const line = lines[at]!
    const structStart = line.match(/^type (\w+) struct ?\{(\})?/)
    const namedType = line.match(/^type (\w+) =? ?([^{]+?)\s*(\/\/.*)?$/)
    const block = line.match(/^(import|const) \($/)
    const single = line.match(/^(import|const) (.+)$/)
    if (line.startsWith('//')) {
      comment.push(line)
      continue
    }
    if (line.trim() === '' && !lines[at + 1]?.startsWith('type ')) {
      // Markers may stand in a paragraph of their own above the doc comment; both belong to the type.
      if (lines[at + 1]?.startsWith('//')) continue
    } else if (line.startsWith('package ')) {
      file.package = line.slice('package '.length).trim()
    } else if (structStart) {
      const end = structStart[2] ? at : lines.indexOf('}', at)
      const markers = markersOf(comment)
      file.structs.push({ name: structStart[1]!, fields: readFields(lines.slice(at + 1, end)), markers })
      at = end
    } else if (namedType) {
      file.named.push({ name: namedType[1]!, underlying: namedType[2]!, markers: markersOf(comment) })
    } else if (block) {
      const end = lines.indexOf(')', at)
      for (const inner of lines.slice(at + 1, end)) readDeclaration(file, block[1]!, inner.trim())
      at = end
    } else if (single) {
      readDeclaration(file, single[1]!, single[2]!)
    }
    comment = []
  }
  return file
}

function readDeclaration(file: GoFile, keyword: string, line: string): void {
  if (keyword === 'import') {
    const found = line.match(/^(?:(\w+) )?"([^"]+)"$/)
    if (found) file.imports.set(found[1] ?? found[2]!.split('/').at(-1)!, found[2]!)
    return
  }
  const found = line.match(/^(\w+)(?: +([\w.]+))? += +(?:\w+\()?("(?:[^"\\]|\\.)*"|-?\d+)\)?/)
  if (found)
    file.constants.push({
      name: found[1]!,
      type: found[2] ?? '',
      value: found[3]!.startsWith('"') ? JSON.parse(found[3]!) : Number(found[3]),
    })
}

function readFields(lines: string[]): GoField[] {
  const fields: GoField[] = []
  let comment: string[] = []
  for (const raw of lines) {
    const line = raw.trim()
    if (line.startsWith('//')) {
      comment.push(line)
      continue
    }
    const found = line.match(/^(?:(\w+)\s+)?([\w.*[\]]+(?:\{\})?)\s+`([^`]*)`/)
    if (found) {
      const tags: Record<string, string> = {}
      for (const [, key, value] of found[3]!.matchAll(/(\w+):"([^"]*)"/g)) tags[key!] = value!
      fields.push({ name: found[1] ?? '', type: found[2]!, tags, markers: markersOf(comment) })
    } else if (line !== '' && line.includes('`')) {
      throw new Error(`cannot read the field: ${line}`)
    }
    comment = []
  }
  return fields
}

const markersOf = (comment: string[]) =>
  comment.map((line) => line.replace(/^\/\/\s*/, '')).flatMap((line) => (line.startsWith('+') ? [line.slice(1)] : []))

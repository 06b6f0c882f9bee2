// From Go packages on disk to the table of facts: resolves names across packages, keeps what the served kinds reach.

import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Facts, FieldMore, FieldRow, NamedFacts } from '../facts.ts'
import { API_SERVICE_DEFINITIONS, API_SERVICE_KINDS, API_SERVICE_TYPES } from './api-service.ts'
import { type GoConstant, type GoField, type GoFile, type GoNamedType, type GoStruct, readGoFile } from './go-source.ts'
import { API_PACKAGES, type ApiPackage, SCALARS } from './packages.ts'

interface Declared {
  api: ApiPackage
  struct?: { declared: GoStruct; file: GoFile }
  named?: { declared: GoNamedType; file: GoFile }
}

const GO_SCALARS: Record<string, string> = {
  string: 'string',
  bool: 'bool',
  int32: 'int32',
  int: 'int32',
  int64: 'int64',
  uint8: 'int32',
  float64: 'double',
  '[]byte': 'bytes',
  'interface{}': 'raw',
}

export function readFacts(goRoot: string, source: Record<string, string>): Facts {
  const declared = new Map<string, Declared>()
  const constants = new Map<string, GoConstant[]>()
  for (const api of API_PACKAGES) {
    for (const file of readPackage(join(goRoot, api.path))) {
      for (const struct of file.structs)
        declared.set(`${api.path}.${struct.name}`, { api, struct: { declared: struct, file } })
      for (const named of file.named)
        declared.set(`${api.path}.${named.name}`, { api, named: { declared: named, file } })
      for (const constant of file.constants) {
        const type = `${api.path}.${constant.type}`
        constants.set(type, [...(constants.get(type) ?? []), constant])
      }
    }
  }

  const facts: Facts = {
    source,
    definitions: {
      ...Object.fromEntries(API_PACKAGES.map((api) => [api.short, api.definitions])),
      'apiregistration.v1': API_SERVICE_DEFINITIONS,
    },
    kinds: {},
    named: {},
    atomic: [],
    types: {},
  }

  /** The table's name of a Go type, seen from one file; what it names is added to the table. */
  function nameType(type: string, api: ApiPackage, file: GoFile): string {
    if (GO_SCALARS[type]) return GO_SCALARS[type]
    if (type.startsWith('*')) return nameType(type.slice(1), api, file)
    if (type.startsWith('[]')) return `[]${nameType(type.slice(2), api, file)}`
    const map = type.match(/^map\[([\w.]+)\](.+)$/)
    if (map) return `{}${nameType(map[2]!, api, file)}`
    const [alias, bare] = type.includes('.') ? type.split('.') : ['', type]
    const path = alias ? file.imports.get(alias) : api.path
    const full = `${path}.${bare}`
    if (SCALARS[full]) return SCALARS[full]
    const found = declared.get(full)
    if (!found) throw new Error(`${api.path} uses ${full}, which is in none of the packages read`)
    const short = `${found.api.short}.${bare}`
    if (found.struct) addStruct(short, found.api, found.struct)
    else if (!facts.named[short]) addNamed(short, full, found)
    return short
  }

  function addNamed(short: string, full: string, { api, named }: Declared): void {
    const { declared: type, file } = named!
    const facts_: NamedFacts = { is: '' }
    facts.named[short] = facts_
    facts_.is = nameType(type.underlying, api, file)
    if (type.markers.includes('enum')) {
      const values = (constants.get(full) ?? []).map((constant) => constant.value)
      facts_.enum = [...new Set(values.filter((value) => typeof value === 'string'))].sort()
    }
  }

  function addStruct(
    short: string,
    api: ApiPackage,
    { declared: struct, file }: NonNullable<Declared['struct']>,
  ): void {
    if (facts.types[short]) return
    const rows: FieldRow[] = []
    facts.types[short] = rows
    if (struct.markers.some((marker) => /^(struct|map)Type=atomic$/.test(marker))) facts.atomic.push(short)
    for (const field of struct.fields) {
      const row = readField(
        field,
        (type) => nameType(type, api, file),
        (type) => isStruct(type, api, file),
        constants,
      )
      if (row) rows.push(row)
    }
  }

  function isStruct(type: string, api: ApiPackage, file: GoFile): boolean {
    const [alias, bare] = type.includes('.') ? type.split('.') : ['', type]
    const full = `${alias ? file.imports.get(alias) : api.path}.${bare}`
    return Boolean(declared.get(full)?.struct) || (full in SCALARS && SCALARS[full] !== 'string')
  }

  for (const [full, { api, struct }] of declared) {
    if (!struct || api.group === undefined) continue
    const isKind = struct.declared.fields.some((field) => field.name === '' && field.type.endsWith('TypeMeta'))
    if (!isKind || !struct.declared.markers.some((marker) => marker.startsWith('k8s:deepcopy-gen:interfaces'))) continue
    const groupVersion = api.group ? `${api.group}/${api.version}` : api.version
    const short = `${api.short}.${full.split('.').at(-1)}`
    facts.kinds[groupVersion] = { ...facts.kinds[groupVersion], [struct.declared.name]: short }
    addStruct(short, api, struct)
  }
  // Every group serves these beside its own: options of requests, Status, Table and their kin.
  const meta = API_PACKAGES.find((api) => api.short === 'meta.v1')!
  for (const { struct, api } of [...declared.values()]) {
    if (api !== meta || !struct) continue
    if (!struct.declared.fields.some((field) => field.name === '' && field.type === 'TypeMeta')) continue
    if (['InternalEvent', 'Event'].includes(struct.declared.name)) continue
    addStruct(`meta.v1.${struct.declared.name}`, api, struct)
    facts.kinds.meta = { ...facts.kinds.meta, [struct.declared.name]: `meta.v1.${struct.declared.name}` }
  }

  facts.kinds['apiregistration.k8s.io/v1'] = API_SERVICE_KINDS
  Object.assign(facts.types, API_SERVICE_TYPES)
  return facts
}

function readField(
  field: GoField,
  nameType: (type: string) => string,
  isStruct: (type: string) => boolean,
  constants: Map<string, GoConstant[]>,
): FieldRow | undefined {
  const [jsonName = '', ...options] = (field.tags.json ?? '').split(',')
  if (jsonName === '-' || field.tags.json === undefined) return undefined
  const protobuf = Number(field.tags.protobuf?.split(',')[1] ?? 0)
  const isEmbedded = field.name === '' && jsonName === ''
  if (isEmbedded) return [field.type.split('.').at(-1)!, nameType(field.type), protobuf, 'i']

  const marker = (name: string) => field.markers.find((line) => line.startsWith(`${name}=`))?.slice(name.length + 1)
  const omitted = options.includes('omitempty')
  const isPointer = field.type.startsWith('*')
  const isOptional =
    field.markers.some((line) => line === 'optional') || (omitted && !field.markers.includes('required'))
  // encoding/json never leaves out an empty struct unless told to by omitzero.
  const isAlways = !isPointer && (!omitted || isStruct(field.type)) && !options.includes('omitzero')
  const isNull = isPointer && !omitted && !options.includes('omitzero')
  const flags = `${isOptional ? '' : 'r'}${isPointer ? 'p' : ''}${isNull ? 'n' : ''}${isAlways ? 'a' : ''}`

  const more: FieldMore = {}
  if (field.tags.patchStrategy) more.ps = field.tags.patchStrategy
  if (field.tags.patchMergeKey) more.pk = field.tags.patchMergeKey
  const listType = marker('listType')
  if (listType) more.lt = listType as NonNullable<FieldMore['lt']>
  const keys = field.markers.filter((line) => line.startsWith('listMapKey=')).map((line) => line.slice(11))
  if (keys.length > 0) more.lk = keys
  const mapType = marker('mapType') ?? marker('structType')
  if (mapType) more.mt = mapType as NonNullable<FieldMore['mt']>
  const defaulted = marker('default')
  if (defaulted !== undefined) more.d = readDefault(defaulted, constants)

  const row: FieldRow = [jsonName, nameType(field.type), protobuf]
  const hasMore = Object.keys(more).length > 0
  if (flags || hasMore) row.push(flags)
  if (hasMore) row.push(more)
  return row
}

/** `"TCP"`, `0`, or `ref(SomeConstant)`. */
function readDefault(text: string, constants: Map<string, GoConstant[]>): unknown {
  const reference = text.match(/^ref\((\w+)\)$/)?.[1]
  if (!reference) return JSON.parse(text)
  const found = [...constants.values()].flat().find((constant) => constant.name === reference)
  if (!found) throw new Error(`no constant ${reference} for a default`)
  return found.value
}

function readPackage(dir: string): GoFile[] {
  return readdirSync(dir)
    .filter((name) => name.endsWith('.go') && !/_test\.go$|^zz_generated|^generated|swagger_doc/.test(name))
    .sort()
    .map((name) => readGoFile(readFileSync(join(dir, name), 'utf8')))
}

// Unpacks kubernetes.facts.json: see facts.ts for its form. The table is parsed once a call; types are unpacked when
// first looked up and kept, since most clusters only ever touch a few dozen of the six hundred.

import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { ownOf } from '../apimachinery/own.ts'
import { buildDescriptions } from './descriptions.ts'
import type { Facts, FieldRow } from './facts.ts'
import { RecentDocuments } from './recent-documents.ts'
import type { FieldFact, GroupVersionKind, ScalarKind, Schemas, TypeFact, ValueType } from './schemas.ts'

const SCALARS: ReadonlySet<string> = new Set<ScalarKind>([
  'string',
  'int32',
  'int64',
  'bool',
  'double',
  'bytes',
  'int-or-string',
  'quantity',
  'time',
  'microtime',
  'duration',
  'raw',
])

/** What is a list, a map, bytes or a time to Go has no empty form in JSON but null. */
const NIL: ReadonlySet<string> = new Set(['array', 'map', 'bytes', 'time', 'microtime', 'raw'])

export interface SchemasOptions {
  /** Where texts for people are kept once they have been gathered. */
  cacheDir?: string
}

/** Call once a process and pass the result on: it is immutable and holds a few megabytes when much used. */
export function loadSchemas({
  cacheDir = join(import.meta.dirname, '../../../.cache/schemas'),
}: SchemasOptions = {}): Schemas {
  const text = readFileSync(join(import.meta.dirname, 'kubernetes.facts.json'), 'utf8')
  return schemasOf(JSON.parse(text) as Facts, cacheDir)
}

function schemasOf(facts: Facts, cacheDir: string): Schemas {
  const unpacked = new Map<string, TypeFact>()
  const shortNameOf = new Map(Object.entries(facts.definitions).map(([short, definitions]) => [definitions, short]))

  const definitionName = (short: string) => {
    const dot = short.lastIndexOf('.')
    return `${facts.definitions[short.slice(0, dot)]}.${short.slice(dot + 1)}`
  }

  function type(name: string): TypeFact | undefined {
    const known = unpacked.get(name)
    if (known) return known
    const dot = name.lastIndexOf('.')
    const short = `${shortNameOf.get(name.slice(0, dot))}.${name.slice(dot + 1)}`
    const rows = ownOf(facts.types, short)
    if (!rows) return undefined
    const fact = unpackType(name, short, rows)
    unpacked.set(name, fact)
    return fact
  }

  function unpackType(name: string, short: string, rows: FieldRow[]): TypeFact {
    const fields = new Map<string, FieldFact>()
    const embedded: { type: string; protobuf: number }[] = []
    const nulls = new Set<string>()
    for (const [fieldName, valueType, protobuf, flags = '', more = {}] of rows) {
      if (flags.includes('i')) {
        const inner = type(definitionName(valueType))!
        embedded.push({ type: inner.name, protobuf })
        for (const [innerName, field] of inner.fields) fields.set(innerName, { ...field, place: fields.size })
        for (const innerName of inner.nulls) nulls.add(innerName)
        continue
      }
      const unpackedType = valueTypeOf(valueType)
      const values = facts.named[valueType]?.enum
      if (flags.includes('n') || (flags.includes('a') && NIL.has(unpackedType.kind))) nulls.add(fieldName)
      fields.set(fieldName, {
        name: fieldName,
        place: fields.size,
        type: unpackedType,
        required: flags.includes('r'),
        pointer: flags.includes('p'),
        always: flags.includes('a'),
        ...(protobuf ? { protobuf: { number: protobuf, wire: wireOf(unpackedType) } } : {}),
        patchStrategies: more.ps?.split(',') ?? [],
        ...(more.pk ? { patchMergeKey: more.pk } : {}),
        ...(more.lt ? { listType: more.lt } : {}),
        ...(more.lk ? { listMapKeys: more.lk } : {}),
        ...(more.mt ? { mapType: more.mt } : {}),
        ...(values ? { enum: values } : {}),
        ...('d' in more ? { default: more.d } : {}),
      })
    }
    const atomic = facts.atomic.includes(short)
    const always = [...fields.values()].filter((field) => field.always)
    const goName = short.slice(short.lastIndexOf('.') + 1)
    return { name, atomic, goName, goType: goTypeOf(short), fields, always, nulls, embedded }
  }

  function valueTypeOf(text: string): ValueType {
    if (text.startsWith('[]')) return { kind: 'array', items: valueTypeOf(text.slice(2)) }
    if (text.startsWith('{}')) return { kind: 'map', values: valueTypeOf(text.slice(2)) }
    if (SCALARS.has(text)) return { kind: text as ScalarKind }
    const named = facts.named[text]
    if (!named) return { kind: 'ref', ref: definitionName(text) }
    const underlying = valueTypeOf(named.is)
    return underlying.kind === 'ref' ? underlying : { ...underlying, goType: goTypeOf(text) }
  }

  const reaching = new Map<TypeFact, boolean>()
  function reachesNulls(fact: TypeFact): boolean {
    const known = reaching.get(fact)
    if (known !== undefined) return known
    // Schemas hold schemas: what is being looked at has none of its own so far.
    reaching.set(fact, fact.nulls.size > 0)
    const reaches = fact.nulls.size > 0 || [...fact.fields.values()].some(isWay)
    reaching.set(fact, reaches)
    return reaches
  }
  function isWay(field: FieldFact): boolean {
    const ref = refOf(field.type)
    return ref !== undefined && reachesNulls(type(ref)!)
  }

  const ways = new Map<TypeFact, readonly FieldFact[]>()
  function waysToNulls(fact: TypeFact): readonly FieldFact[] {
    const found = ways.get(fact) ?? [...fact.fields.values()].filter(isWay)
    ways.set(fact, found)
    return found
  }

  const groupVersionOf = ({ group, version }: GroupVersionKind) => (group ? `${group}/${version}` : version)

  function typeOf(gvk: GroupVersionKind): TypeFact | undefined {
    // Every group serves the options and answers of meta/v1 beside its own kinds.
    const short = ownOf(ownOf(facts.kinds, groupVersionOf(gvk)), gvk.kind) ?? ownOf(facts.kinds.meta, gvk.kind)
    return short ? type(definitionName(short)) : undefined
  }

  function fieldAt(gvk: GroupVersionKind, path: readonly string[]): FieldFact | undefined {
    let field: FieldFact | undefined
    let at: ValueType | undefined
    const top = typeOf(gvk)
    if (top) at = { kind: 'ref', ref: top.name }
    for (const step of path) {
      while (at?.kind === 'array' || (at?.kind === 'map' && step !== '*'))
        at = at.kind === 'array' ? at.items : at.values
      if (at?.kind === 'map') at = at.values
      else if (at?.kind === 'ref') {
        field = type(at.ref)?.fields.get(step)
        at = field?.type
      } else return undefined
      if (!at) return undefined
    }
    return field
  }

  function kinds() {
    return Object.entries(facts.kinds)
      .filter(([groupVersion]) => groupVersion !== 'meta')
      .flatMap(([groupVersion, byKind]) => {
        const [version, group = ''] = groupVersion.split('/').reverse()
        return Object.entries(byKind).map(([kind, short]) => {
          return { group, version: version!, kind, type: definitionName(short) }
        })
      })
  }

  const typeNames = () => Object.keys(facts.types).map(definitionName)

  let texts: ReadonlyMap<string, string> | undefined
  function descriptions(): ReadonlyMap<string, string> {
    texts ??= buildDescriptions({ type, typeNames }, cacheDir)
    return texts
  }

  return { typeOf, type, fieldAt, kinds, typeNames, waysToNulls, descriptions, documents: new RecentDocuments() }
}

/** The struct that a value holds, at whatever depth of lists and maps. */
function refOf(type: ValueType): string | undefined {
  if (type.kind === 'array') return refOf(type.items)
  return type.kind === 'map' ? refOf(type.values) : type.kind === 'ref' ? type.ref : undefined
}

/** `core.v1.Container` → `v1.Container`, as Go prints it. */
const goTypeOf = (short: string) => short.slice(short.indexOf('.') + 1)

function wireOf(type: ValueType): 'varint' | 'fixed64' | 'bytes' {
  if (type.kind === 'array') return type.items.kind === 'array' ? 'bytes' : wireOf(type.items)
  if (type.kind === 'double') return 'fixed64'
  return type.kind === 'int32' || type.kind === 'int64' || type.kind === 'bool' ? 'varint' : 'bytes'
}

// Which fields differ between states of an object. Items of lists are known by their name where they have one, as people
// speak of them: `spec.template.spec.containers[nginx].image`.

export interface FieldChange {
  path: string
  /** As people write it; undefined: the field is not there. */
  before?: string
  after?: string
}

export interface ConflictField {
  path: string
  base?: string
  theirs?: string
  yours?: string
}

export interface Conflict {
  fields: ConflictField[]
  /** Changed by both, to different values. */
  clashing: string[]
  /** What they wrote that yours would have put back. */
  lost: string[]
}

/** The server's own bookkeeping; nobody means to write it. */
const bookkeeping = new Set(['metadata.resourceVersion', 'metadata.managedFields', 'metadata.generation'])

export function changesBetween(before: object, after: object): FieldChange[] {
  const one = fieldsOf(before)
  const other = fieldsOf(after)
  return [...new Set([...one.keys(), ...other.keys()])]
    .filter((path) => one.get(path) !== other.get(path))
    .sort()
    .map((path) => ({ path, ...told('before', one.get(path)), ...told('after', other.get(path)) }))
}

/** `yours` is what was sent: a whole object, or with `isPatch` only what it would have changed. */
export function conflictOf(
  { base, theirs, yours }: { base: object; theirs: object; yours: object },
  { isPatch, isStatus }: { isPatch: boolean; isStatus: boolean },
): Conflict {
  const was = fieldsOf(base)
  const is = fieldsOf(theirs)
  const sent = fieldsOf(yours)
  const meant = (path: string) => path.startsWith('status') === isStatus
  const wouldBe = (path: string) => (!meant(path) || (isPatch && !sent.has(path)) ? was.get(path) : sent.get(path))
  const paths = [...new Set([...was.keys(), ...is.keys(), ...sent.keys()])].filter(meant).sort()
  const byThem = (path: string) => was.get(path) !== is.get(path)
  const byYou = (path: string) => was.get(path) !== wouldBe(path)
  return {
    fields: paths
      .filter((path) => byThem(path) || byYou(path))
      .map((path) => ({
        path,
        ...told('base', was.get(path)),
        ...told('theirs', is.get(path)),
        ...told('yours', wouldBe(path)),
      })),
    clashing: paths.filter((path) => byThem(path) && byYou(path) && is.get(path) !== wouldBe(path)),
    // A patch leaves alone what it does not name.
    lost: paths.filter((path) => byThem(path) && !byYou(path) && !isPatch),
  }
}

const told = <K extends string>(key: K, value: string | undefined) =>
  (value === undefined ? {} : { [key]: value }) as Partial<Record<K, string>>

/** Leaves by path; texts without quotes, as in YAML. */
function fieldsOf(object: object): Map<string, string> {
  const fields = new Map<string, string>()
  walk(object, '', fields)
  return fields
}

function walk(value: unknown, path: string, fields: Map<string, string>): void {
  if (bookkeeping.has(path)) return
  if (Array.isArray(value) && value.length > 0) {
    value.forEach((item, index) => {
      walk(item, `${path}[${nameOf(item) ?? index}]`, fields)
    })
  } else if (typeof value === 'object' && value !== null && Object.keys(value).length > 0) {
    for (const [key, inner] of Object.entries(value)) walk(inner, path ? `${path}.${key}` : key, fields)
  } else fields.set(path, typeof value === 'string' && value !== '' ? value : JSON.stringify(value))
}

function nameOf(item: unknown): string | undefined {
  if (typeof item !== 'object' || item === null) return undefined
  const { name, type, uid } = item as { name?: unknown; type?: unknown; uid?: unknown }
  const known = name ?? type ?? uid
  return typeof known === 'string' ? known : undefined
}

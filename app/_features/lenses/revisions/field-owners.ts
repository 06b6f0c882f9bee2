// Who owns which field, as the API server keeps it in metadata.managedFields.

export interface FieldOwner {
  manager: string
  fields: string[]
}

interface Entry {
  manager?: string
  subresource?: string
  fieldsV1?: object
}

/** In the order in which the server lists them. */
export function fieldOwners(object: { metadata?: { managedFields?: Entry[] } }): FieldOwner[] {
  return (object.metadata?.managedFields ?? []).map(({ manager = 'unknown', subresource, fieldsV1 = {} }) => ({
    manager: subresource ? `${manager} (${subresource})` : manager,
    fields: leavesOf(fieldsV1, ''),
  }))
}

/** `f:name` is a field, `k:{…}` an item of a list by its keys, `v:…` one by its value, `.` the thing itself. */
function leavesOf(set: object, path: string): string[] {
  return Object.entries(set).flatMap(([key, inner]) => {
    if (key === '.') return []
    const here = `${path}${stepOf(key, path === '')}`
    const below = leavesOf(inner as object, here)
    return below.length > 0 ? below : [here]
  })
}

function stepOf(key: string, isFirst: boolean): string {
  if (key.startsWith('f:')) return `${isFirst ? '' : '.'}${key.slice(2)}`
  if (!key.startsWith('k:')) return `[${key.slice(2)}]`
  return `[${Object.values(JSON.parse(key.slice(2)) as object).join(' ')}]`
}

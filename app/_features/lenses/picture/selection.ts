// What is chosen: a client of the API server (a loop, the scheduler, a kubelet), one event, or one object. It stays chosen
// when the lens changes.

export interface ObjectRef {
  group: string
  /** The plural: `pods`. */
  resource: string
  namespace: string
  name: string
}

export type Selection = { client: string } | { seq: number } | { object: ObjectRef } | null

export interface Selecting {
  selection: Selection
  select(selection: Selection): void
}

export function isSameObject(one: ObjectRef, other: ObjectRef): boolean {
  return (
    one.name === other.name &&
    one.resource === other.resource &&
    one.namespace === other.namespace &&
    one.group === other.group
  )
}

/** Chooses it, or lets it go where it is chosen already. */
export function toggle({ selection, select }: Selecting, object: ObjectRef): void {
  const isChosen = selection !== null && 'object' in selection && isSameObject(selection.object, object)
  select(isChosen ? null : { object })
}

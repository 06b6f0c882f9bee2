// What shines when something is chosen or a selector is typed, and how that is said.

import type { SeenObject } from '../../../../server/observe/index.ts'
import { type ObjectsModel, podKey } from './objects-model.ts'

export interface Reach {
  uids: ReadonlySet<string>
  /** Of them the Pods, as `namespace/name`. */
  pods: ReadonlySet<string>
  isBySelector: boolean
  /** For the line to the machines: `owns 3 Pods`, `app=web: 3 Pods`. */
  words: string
}

/** `typed` are the uids that a typed selector reaches; it outshines what is chosen. */
export function reachOf(model: ObjectsModel, chosen: SeenObject | undefined, typed?: ReadonlySet<string>): Reach {
  if (typed)
    return reach(
      [...typed].flatMap((uid) => model.get(uid) ?? []),
      true,
      '',
    )
  if (!chosen) return reach([], false, '')
  const owned = model.podsUnder(chosen)
  if (owned.length > 0) return reach(owned, false, `owns ${count(owned.length)}`)
  const selected = chosen.selects.flatMap((uid) => model.get(uid) ?? [])
  if (chosen.kind === 'EndpointSlice') return reach(selected, true, `leads to ${count(selected.length)}`)
  return reach(selected, true, chosen.selector ? `${chosen.selector}: ${count(selected.length)}` : '')
}

const count = (pods: number) => (pods === 1 ? '1 Pod' : `${pods} Pods`)

function reach(objects: readonly SeenObject[], isBySelector: boolean, words: string): Reach {
  return {
    uids: new Set(objects.map(({ uid }) => uid)),
    pods: new Set(objects.filter(({ kind }) => kind === 'Pod').map(podKey)),
    isBySelector,
    words,
  }
}

// Where objects stand: owners over owned, in the room above the API server's band where other lenses have their loops.
// Pods are on their machines below, as always; those that have none yet stand here too.
//
//   [ Deployment web        ] [ Service web   ] [ ConfigMap a ]
//   [ ReplicaSet ] [ ReplicaSet ] [ EndpointSlice ] [ Secret b    ]

import type { SeenObject } from '../../../../server/observe/index.ts'
import type { Rect } from '../canvas/picture-layout.ts'
import { isOfTheCluster, type ObjectsModel } from './objects-model.ts'

export interface ObjectCard extends Rect {
  object: SeenObject
}

export interface ObjectsLayout {
  cards: ObjectCard[]
  /** For which there is no room. */
  folded: SeenObject[]
  /** Straight down from an owner to what it owns. */
  lines: { x: number; y1: number; y2: number }[]
}

interface Column {
  top?: SeenObject
  below: SeenObject[]
  /** Owned too, and too many to be shown. */
  rest: SeenObject[]
  /** Not an owner and its owned, just two that share a column. */
  isPair?: boolean
}

const gap = 8
const between = 10
const leastCard = 112
const mostCard = 190
const mostBelow = 2

/** `onMachines`: the Pods that a machine's card shows. */
export function layoutObjects(
  model: ObjectsModel,
  { namespace, room, onMachines }: { namespace: string; room: Rect; onMachines: ReadonlySet<string> },
): ObjectsLayout {
  const shown = model
    .inNamespace(namespace)
    .filter((object) => !isOfTheCluster(object) && !(object.kind === 'Pod' && onMachines.has(object.name)))
  const columns = inColumns(model, shown)
  const fitting = Math.max(1, Math.floor((room.width + gap) / (leastCard + gap)))
  const placed: Column[] = []
  const folded: SeenObject[] = columns.flatMap(({ rest }) => rest)
  let used = 0
  for (const column of columns) {
    const width = Math.max(1, column.below.length)
    if (used + width <= fitting) {
      placed.push(column)
      used += width
    } else folded.push(...(column.top ? [column.top] : []), ...column.below)
  }
  const cardWidth = Math.min(mostCard, (room.width - gap * (Math.max(1, used) - 1)) / Math.max(1, used))
  const cardHeight = (room.height - between) / 2
  const cards: ObjectCard[] = []
  const lines: ObjectsLayout['lines'] = []
  const rowBelow = room.y + cardHeight + between
  let at = room.x
  for (const { top, below, isPair } of placed) {
    const span = Math.max(1, below.length)
    const width = span * cardWidth + (span - 1) * gap
    if (top) cards.push({ object: top, x: at, y: room.y, width, height: cardHeight })
    below.forEach((object, index) => {
      const x = at + index * (cardWidth + gap)
      cards.push({ object, x, y: rowBelow, width: cardWidth, height: cardHeight })
      if (top && !isPair) lines.push({ x: x + cardWidth / 2, y1: room.y + cardHeight, y2: rowBelow })
    })
    at += width + gap
  }
  return { cards, folded, lines }
}

function inColumns(model: ObjectsModel, shown: readonly SeenObject[]): Column[] {
  const inShown = new Set(shown.map(({ uid }) => uid))
  const isOwnedHere = ({ owners }: SeenObject) => owners.some(({ uid }) => inShown.has(uid))
  const columns: Column[] = []
  const alone: SeenObject[] = []
  for (const object of shown) {
    if (isOwnedHere(object)) continue
    const owned = model.ownedBy(object.uid).filter(({ uid }) => inShown.has(uid))
    if (owned.length > 0) {
      // Of many ReplicaSets those that still have Pods are the ones to look at.
      const loud = owned.toSorted((one, other) => model.ownedBy(other.uid).length - model.ownedBy(one.uid).length)
      columns.push({ top: object, below: loud.slice(0, mostBelow), rest: loud.slice(mostBelow) })
    } else if (object.selector) columns.push({ top: object, below: [], rest: [] })
    else alone.push(object)
  }
  for (let index = 0; index < alone.length; index += 2) {
    const [top, below] = alone.slice(index, index + 2)
    columns.push({ ...(top ? { top } : {}), below: below ? [below] : [], rest: [], isPair: true })
  }
  return columns
}

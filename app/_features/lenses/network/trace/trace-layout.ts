// Where a traced request stands. Machines are wider than usual, for their kernels are looked into: the Pods that it was about,
// and below them the hops. The way goes down at their left, along the wire, and up to the Pod.
//
//   [ Service web                                   ]
//   [ node-1                ] [ node-2              ]
//   │   [ client      calls ] │   [ web-2   answers ]
//   │ ② [ Service web       ] │ ⑤ [ Route           ]
//   │ ③ [ Route             ] │ ⑥ [ Network policy  ]
//   ──┗━━━━━━━━━━━━━④━━━━━━━━━━━┛───────────────────

import type { NetworkMachine, Place, TracedRequest } from '../../../../../server/observe/index.ts'
import type { PictureLayout, Rect } from '../../canvas/picture-layout.ts'
import { placeName } from '../network-model.ts'
import { type DrawnHop, type Leg, numbered, type TracePod } from './trace-legs.ts'
import { type Station, stationsOf } from './trace-stations.ts'

export interface TraceColumn extends Rect {
  machine: NetworkMachine
  pods: (Rect & TracePod)[]
  foldedPods: number
  stations: Station[]
  /** Hops for which there is no room here; the list has them. */
  folded: number
}

export interface TraceDisc {
  x: number
  y: number
  drawn: DrawnHop
}

export interface TraceLayout {
  /** Names stay; what they say of themselves has no room. */
  isLow: boolean
  service: Rect
  columns: TraceColumn[]
  /** Where machines hang on their network. */
  wire: { x1: number; x2: number; y: number }
  /** Who is on no machine: whom it was for, or the terminal that called. */
  outside?: Rect & { name: string }
  path: string
  discs: TraceDisc[]
}

const gap = 10
const headHeight = 28
const podGap = 6
const mostPods = 3
const wireRoom = 30
/** What is left to the list is said below the cards. */
const noteHeight = 14
const usual = { service: 62, pod: 40 }
const low = { service: 28, pod: 24 }
const lowBelow = 340
const leastColumn = 150
/** Left of the cards: one way in the middle, or two beside each other. */
const gutter = 36
const lanes = { single: 19, outer: 10, inner: 25 }
const outsideWidth = 132
const wireStep = 6
/** Beside a hop's title, and before a card on the wire. */
const discAt = 13

export function layoutTrace(
  layout: PictureLayout,
  traced: TracedRequest,
  things: { legs: readonly Leg[]; pods: readonly TracePod[]; machines: readonly NetworkMachine[]; hasService: boolean },
): TraceLayout {
  const { legs } = things
  const left = layout.api.x
  const room = layout.api.width
  const top = layout.fold.y
  const bottom = layout.you.y + layout.you.height
  const isLow = bottom - top < lowBelow
  const heights = isLow ? low : usual
  const y = things.hasService ? top + heights.service + gap : top
  const shown = machinesShown(layout, things)
  const width = (room - gap * (shown.length - 1)) / Math.max(1, shown.length)
  const columns = shown.map((machine, index) => {
    const rect = { x: left + index * (width + gap), y, width, height: bottom - wireRoom - y }
    const own = legs.filter((leg) => leg.machine === machine.name)
    return columnOf(machine, rect, own, things.pods, isLow)
  })
  const wire = { x1: left, x2: left + room, y: bottom - 12 }
  const { client, target, isReached } = traced.ends
  const isOn = (place: Place) => columns.some(({ machine }) => machine.name === place.machine)
  const name = !isOn(client) ? traced.from : target && !isOn(target) ? placeName(target) : undefined
  const card = { x: wire.x2 - outsideWidth, y: wire.y - 12, width: outsideWidth, height: 24 }
  const outside = name === undefined ? undefined : { name, ...card }
  const service = { x: left, y: top, width: room, height: heights.service }
  return {
    isLow,
    service,
    columns,
    wire,
    ...(outside ? { outside } : {}),
    ...wayOf(traced, { legs, columns, wire, outside, isReached }),
  }
}

/** Those on its way, and as many others as there is room for, in the picture's order. */
function machinesShown(
  layout: PictureLayout,
  { legs, machines, pods }: { legs: readonly Leg[]; machines: readonly NetworkMachine[]; pods: readonly TracePod[] },
): NetworkMachine[] {
  const most = Math.max(2, Math.floor((layout.api.width + gap) / (leastColumn + gap)))
  const wanted = new Set([
    ...legs.map(({ machine }) => machine),
    ...pods.map(({ pod }) => pod.machine),
    ...layout.machines.map(({ name }) => name),
  ])
  const chosen = new Set([...wanted].filter((name) => machines.some((one) => one.name === name)).slice(0, most))
  return machines.filter(({ name }) => chosen.has(name))
}

function columnOf(
  machine: NetworkMachine,
  rect: Rect,
  legs: readonly Leg[],
  all: readonly TracePod[],
  isLow: boolean,
): TraceColumn {
  const own = all.filter(({ pod }) => pod.machine === machine.name)
  const shown = own.filter(({ role }) => !isLow || role !== 'not chosen').slice(0, mostPods)
  const podHeight = (isLow ? low : usual).pod
  const x = rect.x + gutter
  const width = rect.width - gutter - 8
  const pods = shown.map((pod, index) => ({
    ...pod,
    x,
    y: rect.y + headHeight + index * (podHeight + podGap),
    width,
    height: podHeight,
  }))
  const y = rect.y + headHeight + shown.length * (podHeight + podGap) + 6
  const room = { x, y, width, height: rect.y + rect.height - 8 - y }
  const foldedPods = own.length - shown.length
  const whole = stationsOf(legs, room)
  const isFolded = foldedPods > 0 || whole.folded > 0
  const fitted = isFolded ? stationsOf(legs, { ...room, height: room.height - noteHeight }) : whole
  return { ...rect, machine, pods, foldedPods, ...fitted }
}

interface Ground {
  legs: readonly Leg[]
  columns: readonly TraceColumn[]
  wire: TraceLayout['wire']
  outside: Rect | undefined
  isReached: boolean
}

/** Upright and level only; it ends where the request did. */
function wayOf(traced: TracedRequest, ground: Ground): Pick<TraceLayout, 'path' | 'discs'> {
  const { legs, columns, wire, outside, isReached } = ground
  const discs: TraceDisc[] = []
  const hops = numbered(traced)
  const mark = (x: number, y: number, drawn: DrawnHop | undefined) => {
    if (drawn) discs.push({ x, y, drawn })
  }
  const markEnd = (x: number, y: number, kind: 'sends' | 'answers') =>
    mark(
      x,
      y,
      hops.find(({ hop }) => hop.kind === kind),
    )
  const wires = legs.filter(({ wire }) => wire)
  let path = ''
  let from = 0
  for (const [index, leg] of legs.entries()) {
    const column = columns.find(({ machine }) => machine.name === leg.machine)
    if (!column) break
    const isLast = index === legs.length - 1
    const turns = leg.wire ? !leg.rises : isLast && isReached && !outside
    const isShared = turns || legs.some((other) => other !== leg && other.machine === leg.machine)
    const up = column.x + (isShared ? lanes.outer : lanes.single)
    const lane = leg.rises ? up : column.x + (isShared ? lanes.inner : lanes.single)
    if (index === 0 && leg.wire && outside) {
      path = `M${outside.x} ${wire.y}`
      from = outside.x
      markEnd(outside.x - discAt, wire.y, 'sends')
    }
    if (!leg.wire) {
      const start = endAt(column, traced.ends.client.pod)
      path += `M${start.x} ${start.y}H${lane}`
      markEnd(lane, start.y, 'sends')
    } else {
      const level = wire.y - wireStep * (legs.length - 1 - index)
      path += `V${level}H${up}`
      // Each at a place of its own: a way may come back along the same wire.
      const share = (wires.indexOf(leg) + 1) / (wires.length + 1)
      mark(Math.min(from, up) + Math.abs(from - up) * share, level, leg.wire)
      if (!leg.rises) path += `V${(column.stations[0]?.y ?? column.y + headHeight) - 4}H${lane}`
    }
    from = lane
    const own = column.stations.filter((station) => station.leg === leg)
    for (const { y, drawn } of leg.rises ? own.toReversed() : own) {
      path += `V${y + discAt}`
      mark(lane, y + discAt, drawn)
    }
    if (!isLast || !isReached) continue
    if (outside && !legs[0]?.wire) {
      path += `V${wire.y}H${outside.x}`
      markEnd(outside.x - discAt, wire.y, 'answers')
    } else {
      const end = endAt(column, traced.ends.target?.pod)
      path += `${leg.wire ? '' : `V${lowest(column) + 6}H${up}`}V${end.y}H${end.x}`
      markEnd(up, end.y, 'answers')
    }
  }
  return { path, discs }
}

/** The left of a Pod's card, or of the machine's own name. */
function endAt(column: TraceColumn, pod: { namespace: string; name: string } | undefined): { x: number; y: number } {
  const card = column.pods.find((one) => one.pod.namespace === pod?.namespace && one.pod.name === pod?.name)
  return card ? { x: card.x, y: card.y + card.height / 2 } : { x: column.x + gutter - 2, y: column.y + headHeight / 2 }
}

function lowest({ stations, pods, y }: TraceColumn): number {
  const last = stations.at(-1) ?? pods.at(-1)
  return last ? last.y + last.height : y + headHeight
}

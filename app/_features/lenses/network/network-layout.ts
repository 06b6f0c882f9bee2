// Where the network's parts stand. Machines keep their columns and grow upwards, since nothing of the control plane is in
// a packet's way; Services stand above them, and what is neither Pod nor machine at the left. Lines go up on the left of
// whoever calls and come down on the left of whoever is called, so that none passes behind a name.
//
//   [ Service web 10.96.37.12 ] [ Service nobody ]
//   ──lanes──────────────────────────────────────
//   elsewhere  [ node-1     ] [ node-2     ]
//              │[ client   ] │[ web-2     ]
//              │[ web-1    ]

import type { NetworkMachine, NetworkPod, NetworkService, Place } from '../../../../server/observe/index.ts'
import type { PictureLayout, Rect } from '../canvas/picture-layout.ts'
import { endsAtService, type Flow, placeKey } from './network-model.ts'

export interface NetworkLayout {
  services: (Rect & { service: NetworkService })[]
  foldedServices: number
  machines: (Rect & { machine: NetworkMachine; pods: (Rect & { pod: NetworkPod })[]; foldedPods: number })[]
  /** Addresses that are no Pod's and no machine's. */
  elsewhere: (Rect & { place: Place })[]
  lines: { flow: Flow; path: string }[]
}

const gap = 10
const serviceHeight = 62
const leastService = 190
const laneRoom = 46
const headHeight = 46
const podHeight = 40
const gutter = 26
const placeHeight = 40
const mostLanes = 6

export function layoutNetwork(
  layout: PictureLayout,
  things: {
    services: readonly NetworkService[]
    machines: readonly NetworkMachine[]
    pods: readonly NetworkPod[]
    flows: readonly Flow[]
  },
): NetworkLayout {
  const left = layout.api.x
  const right = layout.api.x + layout.api.width
  const top = layout.fold.y
  const bottom = layout.you.y + layout.you.height

  const perRow = Math.max(1, Math.floor((right - left + gap) / (leastService + gap)))
  const rows = Math.min(2, Math.max(1, Math.ceil(things.services.length / perRow)))
  const shownServices = things.services.slice(0, perRow * rows)
  const columns = Math.min(perRow, Math.max(1, shownServices.length))
  const width = (right - left - gap * (columns - 1)) / columns
  const services = shownServices.map((service, index) => ({
    service,
    x: left + (index % columns) * (width + gap),
    y: top + Math.floor(index / columns) * (serviceHeight + gap),
    width,
    height: serviceHeight,
  }))
  const laneY = top + rows * (serviceHeight + gap) - gap
  const machineY = laneY + laneRoom

  const machines = layout.machines.flatMap(({ name, x, width }) => {
    const machine = things.machines.find((one) => one.name === name)
    if (!machine) return []
    const rect = { x, y: machineY, width, height: bottom - machineY }
    const own = things.pods.filter((pod) => pod.machine === name)
    const room = Math.max(1, Math.floor((rect.height - headHeight - 6) / (podHeight + 6)))
    const shown = own.slice(0, own.length > room ? room - 1 : undefined)
    const pods = shown.map((pod, index) => ({
      pod,
      x: x + gutter,
      y: machineY + headHeight + index * (podHeight + 6),
      width: width - gutter - 8,
      height: podHeight,
    }))
    return [{ ...rect, machine, pods, foldedPods: own.length - shown.length }]
  })

  const known = new Map<string, Rect>()
  for (const { machine, pods, ...rect } of machines) {
    known.set(`machine ${machine.name}`, { ...rect, height: headHeight })
    for (const { pod, ...podRect } of pods) known.set(`pod ${pod.namespace}/${pod.name}`, podRect)
  }
  // A Pod for which there is no row is on its machine still.
  const placeOf = (place: Place) => known.get(placeKey(place)) ?? known.get(`machine ${place.machine}`)
  const elsewhereX = layout.you.x
  const elsewhereWidth = Math.max(60, layout.scheduler.x + layout.scheduler.width - elsewhereX - 18)
  const elsewhere: NetworkLayout['elsewhere'] = []
  const mostElsewhere = Math.max(1, Math.floor((bottom - machineY - 20) / (placeHeight + 6)))
  const ends = things.flows.toReversed().flatMap((flow) => [flow.from, ...(endsAtService(flow) ? [] : [flow.endpoint])])
  for (const place of ends) {
    if (placeOf(place) || elsewhere.length >= mostElsewhere) continue
    const y = machineY + 20 + elsewhere.length * (placeHeight + 6)
    const rect = { x: elsewhereX + 14, y, width: elsewhereWidth - 14, height: placeHeight }
    known.set(placeKey(place), rect)
    elsewhere.push({ ...rect, place })
  }

  const lines = things.flows.flatMap((flow, index) => {
    const from = placeOf(flow.from)
    const to = endsAtService(flow) ? undefined : placeOf(flow.endpoint)
    const { service } = flow.asked
    const by =
      service && services.find(({ service: one }) => one.name === service.name && one.namespace === service.namespace)
    const lane = laneY + 10 + (index % mostLanes) * 5
    return from && (to ?? by) ? [{ flow, path: pathOf(from, to, by, lane) }] : []
  })
  return { services, foldedServices: things.services.length - shownServices.length, machines, elsewhere, lines }
}

/** Out of the left side, up, over, into the Service and, where it led to somebody, out again, down, and in from the left. */
function pathOf(from: Rect, to: Rect | undefined, service: Rect | undefined, lane: number): string {
  const up = from.x - 8
  const start = `M${from.x} ${middle(from)}H${up}V${lane}`
  const end = to ? `H${to.x - 16}V${middle(to)}H${to.x}` : ''
  if (!service) return `${start}${end}`
  // From the upper row it goes beside the lower one: behind a card it would seem to be that card's.
  if (service.y + service.height + gap < lane - 10) {
    const side = service.x + service.width
    const into = `${start}H${side + 3}V${middle(service)}H${side}`
    return end ? `${into}H${side + 7}V${lane + 3}${end}` : into
  }
  const into = within(service, up)
  const out = into + 14
  const edge = service.y + service.height
  return `${start}H${into}V${edge}${end && `H${out}V${lane + 3}${end}`}`
}

const middle = ({ y, height }: Rect) => y + height / 2

/** As straight up as the Service's width allows. */
const within = ({ x, width }: Rect, wished: number) => Math.min(Math.max(wished, x + 12), x + width - 30)

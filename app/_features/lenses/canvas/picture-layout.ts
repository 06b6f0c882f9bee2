// Where everything stands on the Loops lens. Same thing, same place: the API server is always the band in the middle,
// etcd the tape at the right, loops above, machines below. The picture is laid out for the pane it has and never scaled,
// so that text keeps its size; when the pane is too small the cards drop their second lines, then the picture pans.

export interface Rect {
  x: number
  y: number
  width: number
  height: number
}

/** A straight way between a client and the API server, or the API server and etcd. From the client, from the API server. */
export interface Way {
  id: string
  kind: 'request' | 'deliver' | 'append'
  x1: number
  y1: number
  x2: number
  y2: number
}

export interface MachineLayout extends Rect {
  name: string
  kubelet: Rect
  proxy: Rect
  /** Too narrow for kubelet and proxy side by side; their lines still stand side by side. */
  isStacked: boolean
  /** Pods that fit, one row each. */
  podRows: number
}

export interface PictureLayout {
  width: number
  height: number
  compact: boolean
  loops: Rect[]
  fold: Rect
  api: Rect
  tape: Rect
  tapeRows: number
  you: Rect
  scheduler: Rect
  machines: MachineLayout[]
  /** Machines that did not fit share one card. */
  foldedMachines: number
  machineFold?: Rect
  ways: Map<string, Way>
}

const pad = 16
const tapeWidth = 190
const tapeGap = 36
const foldWidth = 58
const gap = 8
const leastWidth = 656
const mostLoops = 6
const leastLoop = 106
const youWidth = 80
const schedulerWidth = 98
const leastMachine = 82
/** Below this kubelet and proxy stand over each other. */
const besideFrom = 150
const stackedPart = 24
/** Below this height second lines go: what the full measures add up to. */
const roomy = pad * 2 + 98 + 54 * 2 + 112 + 152

export function loopSlots(width: number): number {
  const left = leftWidth(Math.max(width, leastWidth))
  return Math.max(2, Math.min(mostLoops, Math.floor((left - foldWidth) / (leastLoop + gap))))
}

function leftWidth(width: number): number {
  return width - pad * 2 - tapeWidth - tapeGap
}

export function layoutPicture(pane: {
  width: number
  height: number
  /** Of a lens that does without some of the cards. */
  leastHeight?: number | undefined
  loops: number
  machines: string[]
}): PictureLayout {
  const width = Math.max(pane.width, leastWidth)
  const compact = pane.height < roomy
  const measure = compact
    ? { loop: 64, lane: 44, api: 66, bottom: 118, edge: 12 }
    : { loop: 98, lane: 54, api: 112, bottom: 152, edge: pad }
  const least = measure.edge * 2 + measure.loop + measure.lane * 2 + measure.api + measure.bottom
  const height = Math.max(pane.height, pane.leastHeight ?? least)
  const spare = height - least
  const lane = measure.lane + Math.min(16, spare / 6)
  const left = leftWidth(width)

  const slots = loopSlots(width)
  const count = Math.min(pane.loops, slots)
  const loopWidth = Math.min(150, (left - foldWidth - gap * slots) / slots)
  const loops = Array.from({ length: count }, (_, index) => ({
    x: pad + index * (loopWidth + gap),
    y: measure.edge,
    width: loopWidth,
    height: measure.loop,
  }))
  const foldX = pad + slots * (loopWidth + gap)
  const fold = { x: foldX, y: measure.edge, width: pad + left - foldX, height: measure.loop }

  const api = { x: pad, y: measure.edge + measure.loop + lane, width: left, height: measure.api }
  const bottomY = api.y + api.height + lane
  const bottom = height - measure.edge - bottomY
  const tape = { x: pad + left + tapeGap, y: measure.edge, width: tapeWidth, height: height - measure.edge * 2 }
  const you = { x: pad, y: bottomY, width: youWidth, height: bottom }
  const scheduler = { x: pad + youWidth + gap, y: bottomY, width: schedulerWidth, height: bottom }

  const machinesX = scheduler.x + schedulerWidth + gap
  const room = pad + left - machinesX
  const fitting = (width: number) => Math.max(1, Math.floor((width + gap) / (leastMachine + gap)))
  const isFolded = pane.machines.length > fitting(room)
  const machinesRoom = isFolded ? room - foldWidth - gap : room
  const shown = pane.machines.slice(0, fitting(machinesRoom))
  const machineWidth = shown.length > 0 ? (machinesRoom - gap * (shown.length - 1)) / shown.length : machinesRoom
  const machineFold = isFolded
    ? { x: machinesX + machinesRoom + gap, y: bottomY, width: foldWidth, height: bottom }
    : undefined
  const machines = shown.map((name, index) =>
    machineLayout(
      name,
      { x: machinesX + index * (machineWidth + gap), y: bottomY, width: machineWidth, height: bottom },
      compact,
    ),
  )

  const ways = new Map<string, Way>()
  const addPair = (id: string, card: Rect, above: boolean, spread = 9) => {
    const middle = card.x + card.width / 2
    const [cardY, apiY] = above ? [card.y + card.height, api.y] : [card.y, api.y + api.height]
    ways.set(`${id} deliver`, {
      id: `${id} deliver`,
      kind: 'deliver',
      x1: middle - spread,
      y1: apiY,
      x2: middle - spread,
      y2: cardY,
    })
    ways.set(`${id} request`, {
      id: `${id} request`,
      kind: 'request',
      x1: middle + spread,
      y1: cardY,
      x2: middle + spread,
      y2: apiY,
    })
  }
  loops.forEach((card, index) => {
    addPair(`loop ${index}`, card, true)
  })
  addPair('fold', fold, true)
  addPair('you', you, false)
  addPair('scheduler', scheduler, false)
  for (const machine of machines) {
    // The line ends at the machine's wall: behind its name no line may pass.
    addPair(`kubelet ${machine.name}`, { ...machine.kubelet, y: machine.y }, false)
    addPair(`proxy ${machine.name}`, { ...machine.proxy, y: machine.y }, false)
  }
  if (machineFold) addPair('machines', machineFold, false)
  const apiMiddle = api.y + api.height / 2
  ways.set('append', { id: 'append', kind: 'append', x1: api.x + api.width, y1: apiMiddle, x2: tape.x, y2: apiMiddle })

  return {
    width,
    height,
    compact,
    loops,
    fold,
    api,
    tape,
    tapeRows: Math.max(1, Math.floor((tape.height - 52 - 22) / 31)),
    you,
    scheduler,
    machines,
    foldedMachines: pane.machines.length - shown.length,
    machineFold,
    ways,
  }
}

function machineLayout(name: string, rect: Rect, compact: boolean): MachineLayout {
  const head = 30
  const part = compact ? 24 : 42
  const inner = 8
  const isStacked = rect.width < besideFrom
  const half = (rect.width - inner * 2 - 6) / 2
  const kubelet = { x: rect.x + inner, y: rect.y + head, width: half, height: part }
  const proxy = { ...kubelet, x: kubelet.x + half + 6 }
  const parts = isStacked ? stackedPart * 2 + 4 : part
  const podRows = Math.max(1, Math.floor((rect.height - head - parts - inner * 2) / 30))
  return { ...rect, name, kubelet, proxy, isStacked, podRows }
}

/** The way that a dot of this client takes, by what stands on the picture now. */
export function wayOf(
  place: { role: string; node?: string },
  client: string,
  shownLoops: readonly string[],
  layout: PictureLayout,
): string {
  switch (place.role) {
    case 'you':
      return 'you'
    case 'scheduler':
      return 'scheduler'
    case 'kubelet':
    case 'proxy': {
      const id = `${place.role} ${place.node}`
      if (layout.ways.has(`${id} request`)) return id
      return layout.machineFold ? 'machines' : 'fold'
    }
    default: {
      const index = shownLoops.indexOf(client)
      return index >= 0 && index < layout.loops.length ? `loop ${index}` : 'fold'
    }
  }
}

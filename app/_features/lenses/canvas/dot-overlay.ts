// Draws dots. They live outside React: one element per dot, moved by the browser's own animations on a single layer, so
// that a burst costs no render. Each element tells what it stands for:
//   data-dot="request|deliver|append"  data-seq  data-cause  data-count (and data-seq-last when it stands for several)

import { hueOf, type Who } from '../../../_ui/glyph.tsx'
import type { Dot } from '../picture/picture-model.ts'
import { DotPlanner, type Plan } from './dot-planner.ts'
import style from './dots.module.css'
import type { PictureLayout } from './picture-layout.ts'

const travelMs = 600
const restMs = 1600

export interface Scene {
  layout: PictureLayout
  /** Id of the way a dot takes, see loops-layout. */
  way(dot: Dot): string
  who(dot: Dot): Who
}

/** A dot on the plan that has not left yet. Others may still join it. */
interface Waiting {
  plan: Plan
  count: number
  lastSeq: number
}

export class DotOverlay {
  private planner = new DotPlanner()
  /** By start, earliest first. A dot becomes an element when it leaves: what waits costs no layer. */
  private waiting: Waiting[] = []
  private groups = new Map<number, Waiting>()
  private departure: ReturnType<typeof setTimeout> | undefined
  private timers = new Set<ReturnType<typeof setTimeout>>()
  private readonly root: HTMLElement
  private readonly scene: () => Scene
  private readonly still: () => boolean

  constructor(root: HTMLElement, scene: () => Scene, still: () => boolean) {
    this.root = root
    this.scene = scene
    this.still = still
  }

  /** `resting`: marks what happened earlier at its end, without moving. */
  show(dots: readonly Dot[], resting: boolean): void {
    // A page nobody looks at draws nothing; the counters have counted already.
    if (document.hidden) return
    const { way } = this.scene()
    const isStill = resting || this.still()
    const now = performance.now()
    const resters: Waiting[] = []
    for (const plan of this.planner.plan(dots, way, now, isStill ? 0 : travelMs)) {
      const group = plan.group === undefined ? undefined : this.groups.get(plan.group)
      if (plan.joins && group) {
        group.count++
        group.lastSeq = plan.dot.seq
        continue
      }
      const one = { plan, count: 1, lastSeq: plan.dot.seq }
      if (plan.group !== undefined) this.groups.set(plan.group, one)
      if (isStill) resters.push(one)
      else this.waiting.push(one)
    }
    // At rest nothing can join later: what stands, stands with its count.
    for (const one of resters) this.draw(one, true)
    this.waiting.sort((one, other) => one.plan.startAt - other.plan.startAt)
    this.depart()
  }

  close(): void {
    clearTimeout(this.departure)
    for (const timer of this.timers) clearTimeout(timer)
    this.timers.clear()
    this.groups.clear()
    this.waiting = []
    this.root.replaceChildren()
  }

  /** The dot at a point of the screen, if one is near enough to have been meant. */
  static seqNear(root: HTMLElement, x: number, y: number): number | undefined {
    let nearest: number | undefined
    let distance = 14
    for (const element of root.querySelectorAll<HTMLElement>('[data-dot]')) {
      const box = element.getBoundingClientRect()
      const away = Math.hypot(box.x + box.width / 2 - x, box.y + box.height / 2 - y)
      if (away > distance) continue
      distance = away
      nearest = Number(element.dataset.seq)
    }
    return nearest
  }

  private depart = (): void => {
    clearTimeout(this.departure)
    const now = performance.now()
    let due = 0
    while (due < this.waiting.length && this.waiting[due]!.plan.startAt <= now + 4) due++
    for (const one of this.waiting.splice(0, due)) this.draw(one, false)
    const next = this.waiting[0]
    if (next) this.departure = setTimeout(this.depart, Math.max(8, next.plan.startAt - now))
  }

  private draw({ plan, count, lastSeq }: Waiting, isStill: boolean): void {
    if (plan.group !== undefined) this.groups.delete(plan.group)
    const scene = this.scene()
    const way = scene.layout.ways.get(plan.edge)
    if (!way) return
    const { dot } = plan
    const element = document.createElement('span')
    element.className = style.dot!
    const { dataset } = element
    dataset.dot = dot.kind
    dataset.seq = String(dot.seq)
    dataset.cause = dot.cause
    dataset.count = String(count)
    if (count > 1) {
      dataset.seqLast = String(lastSeq)
      element.textContent = String(count)
    }
    if (dot.refused) dataset.refused = ''
    element.style.cssText = `--hue:${hueOf(dotWho(dot, scene))};left:${isStill ? way.x2 : way.x1}px;top:${isStill ? way.y2 : way.y1}px`
    this.root.append(element)
    if (isStill) {
      this.after(restMs, () => element.remove())
      return
    }
    const far = `translate(${way.x2 - way.x1}px, ${way.y2 - way.y1}px)`
    const animation = element.animate([{ transform: 'none' }, { transform: far }], travelMs)
    animation.onfinish = () => element.remove()
    animation.oncancel = () => element.remove()
  }

  private after(ms: number, run: () => void): void {
    const timer = setTimeout(() => {
      this.timers.delete(timer)
      run()
    }, ms)
    this.timers.add(timer)
  }
}

function dotWho(dot: Dot, scene: Scene): Who {
  if (dot.kind === 'deliver') return 'api'
  return dot.kind === 'append' ? 'store' : scene.who(dot)
}

// Draws dots. They live outside React: one element per dot, moved by the browser's own animations on a single layer, so
// that a burst costs no render. Each element tells what it stands for:
//   data-dot="request|deliver|append"  data-seq  data-cause  data-count (and data-seq-last when it stands for several)

import { hueOf, type Who } from '../../_ui/glyph.tsx'
import { DotPlanner, type Plan } from './dot-planner.ts'
import style from './dots.module.css'
import type { LoopsLayout } from './loops-layout.ts'
import type { Dot } from './loops-model.ts'

const travelMs = 600
const restMs = 1600

export interface Scene {
  layout: LoopsLayout
  /** Id of the way a dot takes, see loops-layout. */
  way(dot: Dot): string
  who(dot: Dot): Who
}

export class DotOverlay {
  private planner = new DotPlanner()
  private groups = new Map<number, HTMLElement>()
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
    const scene = this.scene()
    const isStill = resting || this.still()
    const now = performance.now()
    for (const plan of this.planner.plan(dots, scene.way, now, isStill ? 0 : travelMs)) {
      const group = plan.group === undefined ? undefined : this.groups.get(plan.group)
      if (plan.joins && group) this.join(group, plan)
      else this.draw(plan, scene, plan.startAt - now, isStill)
    }
  }

  close(): void {
    for (const timer of this.timers) clearTimeout(timer)
    this.timers.clear()
    this.groups.clear()
    this.root.replaceChildren()
  }

  private draw(plan: Plan, scene: Scene, delay: number, isStill: boolean): void {
    const way = scene.layout.ways.get(plan.edge)
    if (!way) return
    const { dot } = plan
    const element = document.createElement('span')
    element.className = style.dot!
    element.dataset.dot = dot.kind
    element.dataset.seq = String(dot.seq)
    element.dataset.cause = dot.cause
    element.dataset.count = '1'
    if (dot.refused) element.dataset.refused = ''
    element.style.setProperty('--hue', hueOf(dotWho(dot, scene)))
    element.style.left = `${isStill ? way.x2 : way.x1}px`
    element.style.top = `${isStill ? way.y2 : way.y1}px`
    this.root.append(element)
    if (plan.group !== undefined) this.groups.set(plan.group, element)
    const remove = () => {
      element.remove()
      if (plan.group !== undefined) this.groups.delete(plan.group)
    }
    if (isStill) {
      element.style.opacity = '1'
      this.after(restMs, remove)
      return
    }
    const animation = element.animate(
      [
        { opacity: 1, transform: 'translate(-50%, -50%)' },
        { opacity: 1, transform: `translate(calc(${way.x2 - way.x1}px - 50%), calc(${way.y2 - way.y1}px - 50%))` },
      ],
      { duration: travelMs, delay, easing: 'linear' },
    )
    animation.onfinish = remove
    animation.oncancel = remove
  }

  private join(element: HTMLElement, plan: Plan): void {
    const count = Number(element.dataset.count) + 1
    element.dataset.count = String(count)
    element.dataset.seqLast = String(plan.dot.seq)
    element.textContent = String(count)
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

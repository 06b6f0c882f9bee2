import { describe, expect, it } from 'vitest'
import { layoutPicture, loopSlots, type Rect, wayOf } from './picture-layout.ts'

const panes = [
  { name: 'a wide lab', width: 1600, height: 900, loops: 6, machines: ['node-1', 'node-2', 'node-3'] },
  { name: 'the reference lab', width: 796, height: 508, loops: 4, machines: ['node-1', 'node-2'] },
  { name: 'a low pane', width: 796, height: 360, loops: 4, machines: ['node-1', 'node-2'] },
  { name: 'a phone', width: 390, height: 600, loops: 2, machines: ['node-1', 'node-2'] },
  {
    name: 'twelve machines',
    width: 900,
    height: 520,
    loops: 4,
    machines: Array.from({ length: 12 }, (_, n) => `n${n}`),
  },
  { name: 'an empty cluster', width: 796, height: 508, loops: 0, machines: [] },
]

const overlap = (a: Rect, b: Rect) =>
  a.x < b.x + b.width && b.x < a.x + a.width && a.y < b.y + b.height && b.y < a.y + a.height

describe.each(panes)('layout of $name', (pane) => {
  const layout = layoutPicture(pane)
  const cards = [
    ...layout.loops,
    layout.fold,
    layout.api,
    layout.tape,
    layout.you,
    layout.scheduler,
    ...layout.machines,
    ...(layout.machineFold ? [layout.machineFold] : []),
  ]

  it('keeps cards apart and inside', () => {
    for (const [index, card] of cards.entries()) {
      expect(card.width).toBeGreaterThan(40)
      expect(card.height).toBeGreaterThan(40)
      expect(card.x + card.width).toBeLessThanOrEqual(layout.width)
      expect(card.y + card.height).toBeLessThanOrEqual(layout.height + 0.01)
      for (const other of cards.slice(index + 1)) expect(overlap(card, other)).toBe(false)
    }
  })

  it('lets no way pass behind a card', () => {
    for (const way of layout.ways.values()) {
      const strip = {
        x: Math.min(way.x1, way.x2),
        y: Math.min(way.y1, way.y2) + 0.5,
        width: Math.max(0.1, Math.abs(way.x2 - way.x1) - 1),
        height: Math.max(0.1, Math.abs(way.y2 - way.y1) - 1),
      }
      for (const card of cards)
        expect(overlap(strip, { ...card, x: card.x + 0.6, width: card.width - 1.2 })).toBe(false)
    }
  })

  it('has a way for every client there may be', () => {
    for (const place of [
      { role: 'you' },
      { role: 'scheduler' },
      { role: 'kubelet', node: 'node-1' },
      { role: 'proxy', node: 'gone' },
      { role: 'other' },
    ]) {
      expect(layout.ways.has(`${wayOf(place, 'x', [], layout)} request`)).toBe(true)
    }
    expect(layout.ways.has('append')).toBe(true)
  })

  it('accounts for every machine', () => {
    expect(layout.machines.length + layout.foldedMachines).toBe(pane.machines.length)
    expect(layout.machineFold !== undefined).toBe(layout.foldedMachines > 0)
  })
})

describe('layoutPicture', () => {
  it('drops second lines before it makes the picture larger than its pane', () => {
    expect(layoutPicture(panes[2]!)).toMatchObject({ compact: true, height: 360 })
    expect(layoutPicture(panes[1]!)).toMatchObject({ compact: false, height: 508 })
  })

  it('shows the three machines of a lab without folding any', () => {
    for (const width of [718, 796]) {
      expect(layoutPicture({ width, height: 508, loops: 4, machines: ['a', 'b', 'c'] }).foldedMachines).toBe(0)
    }
  })

  it('shows six loops at most', () => {
    expect(loopSlots(3000)).toBe(6)
    expect(loopSlots(796)).toBe(4)
  })
})

import { describe, expect, it } from 'vitest'
import { SeatLine } from './seat-line.ts'
import { seatsIn } from './seats.ts'

const GIB = 1024 ** 3

describe('seats of a machine', () => {
  it.each([
    ['memory is short', { memoryBytes: 8 * GIB, diskBytes: 200 * GIB, processors: 16 }, 20],
    ['processors are few', { memoryBytes: 64 * GIB, diskBytes: 200 * GIB, processors: 2 }, 12],
    ['the disk is nearly full', { memoryBytes: 64 * GIB, diskBytes: 7 * GIB, processors: 16 }, 6],
    ['nothing fits', { memoryBytes: 1 * GIB, diskBytes: 1 * GIB, processors: 1 }, 1],
  ])('where %s', (_, room, seats) => {
    expect(seatsIn(room, 'real')).toBe(seats)
  })
})

describe('SeatLine', () => {
  it('seats as many as there are seats, and tells the others their place', async () => {
    const line = new SeatLine(1)
    await line.take('ada')
    const heard: string[] = []
    const order: string[] = []
    const waits = ['bob', 'cy', 'di'].map((name) => {
      const wait = line.take(name).then(() => order.push(name))
      line.listen(name, (place) => heard.push(`${name} ${place}`))
      return wait
    })
    expect([line.taken, line.waiting, heard]).toEqual([1, 3, ['bob 1', 'cy 2', 'di 3']])
    heard.length = 0
    line.free('ada')
    await waits[0]
    expect([order, heard]).toEqual([['bob'], ['bob 0', 'cy 1', 'di 2']])
    line.free('cy')
    await expect(waits[1]).rejects.toThrow('given back')
    line.free('bob')
    await waits[2]
    expect(order).toEqual(['bob', 'di'])
  })
})

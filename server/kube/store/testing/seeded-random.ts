// Random numbers that are the same for the same seed (mulberry32), so that a failure can be had again.

export function seededRandom(seed: number): () => number {
  let state = seed >>> 0
  return () => {
    state = (state + 0x6d2b79f5) >>> 0
    let t = state
    t = Math.imul(t ^ (t >>> 15), t | 1)
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61)
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32
  }
}

export interface Dice {
  /** 0 … below-1 */
  below(limit: number): number
  chance(probability: number): boolean
  pick<T>(from: readonly T[]): T
  random: () => number
  /** How many numbers have been drawn. */
  readonly drawn: number
}

export function diceOf(seed: number): Dice {
  const next = seededRandom(seed)
  let drawn = 0
  const random = () => {
    drawn++
    return next()
  }
  const below = (limit: number) => Math.floor(random() * limit)
  return {
    random,
    below,
    chance: (probability) => random() < probability,
    pick: (from) => from[below(from.length)]!,
    get drawn() {
      return drawn
    },
  }
}

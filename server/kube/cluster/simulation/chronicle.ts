// What happened in a storm, line by line: who asked for what and heard which answer, when, and how often the dice had been
// thrown till then. Whoever has two of the same seed finds the first moment at which they are not the same.

import type { FakeClock } from '../../../base/clock.ts'
import { type KubeObject, keyOf } from '../../apimachinery/object-meta.ts'
import { StatusError } from '../../apimachinery/status-error.ts'
import type { Dice } from '../../store/testing/seeded-random.ts'

export class Chronicle {
  readonly lines: string[] = []
  readonly #clock: FakeClock
  readonly #dice: Dice

  constructor(clock: FakeClock, dice: Dice) {
    this.#clock = clock
    this.#dice = dice
  }

  note(...words: readonly unknown[]): void {
    this.lines.push([this.#clock.monotonic(), this.#dice.drawn, ...words].join(' '))
  }
}

/** With its revision, which no two states of an object share. */
export function inShort(answer: unknown): string {
  if (answer instanceof StatusError) return answer.reason
  if (answer instanceof Error) return answer.message
  const { metadata, items } = (answer ?? {}) as KubeObject & { items?: unknown[] }
  return `${metadata ? keyOf({ metadata }) : ''}@${metadata?.resourceVersion} ${items?.length ?? ''}`
}

/** Undefined when both are the same to the last line. */
export function firstDifference(one: readonly string[], other: readonly string[]): object | undefined {
  const length = Math.max(one.length, other.length)
  for (let at = 0; at < length; at++) {
    if (one[at] !== other[at]) return { at, before: one.slice(Math.max(0, at - 5), at), one: one[at], other: other[at] }
  }
  return undefined
}

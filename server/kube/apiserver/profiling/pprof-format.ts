// A profile in the form that `go tool pprof` and its kin read. Numbers are those of github.com/google/pprof, profile.proto.

import { gzipSync } from 'node:zlib'
import { ProtoWriter } from '../../schemas/protobuf/proto-writer.ts'

export interface Frame {
  functionName: string
  url: string
  /** From 0. */
  lineNumber: number
}

export interface Profile {
  /** What each sample counts: `['cpu', 'nanoseconds']`. */
  types: readonly (readonly [name: string, unit: string])[]
  /** `stack`: the innermost call first. */
  samples: readonly { stack: readonly Frame[]; values: readonly number[] }[]
  startedAtMs: number
  durationMs: number
}

export function writePprof({ types, samples, startedAtMs, durationMs }: Profile): Buffer {
  const writer = new ProtoWriter()
  const texts = new Numbered<string>(['', undefined])
  const frames = new Numbered<Frame>()
  for (const [name, unit] of types) {
    writer.message(1, (type) => {
      type.integer(1, texts.numberOf(name, name))
      type.integer(2, texts.numberOf(unit, unit))
    })
  }
  for (const { stack, values } of samples) {
    const numbers = stack.map((frame) =>
      frames.numberOf(`${frame.functionName} ${frame.url} ${frame.lineNumber}`, frame),
    )
    writer.message(2, (sample) => {
      for (const number of numbers) sample.integer(1, number + 1)
      for (const value of values) sample.integer(2, value)
    })
  }
  // Each function is at one place: both go by the same number.
  for (const [at, { functionName, url, lineNumber }] of frames.all.entries()) {
    const [number, line] = [at + 1, Math.max(0, lineNumber) + 1]
    writer.message(4, (location) => {
      location.integer(1, number)
      location.message(4, (place) => {
        place.integer(1, number)
        place.integer(2, line)
      })
    })
    const name = functionName || '(anonymous)'
    writer.message(5, (written) => {
      written.integer(1, number)
      written.integer(2, texts.numberOf(name, name))
      written.integer(4, texts.numberOf(url, url))
      written.integer(5, line)
    })
  }
  for (const text of texts.all) writer.string(6, text)
  writer.integer(9, startedAtMs * 1e6)
  writer.integer(10, Math.round(durationMs * 1e6))
  return gzipSync(writer.finish())
}

/** Things by the order in which they were first met. */
class Numbered<T> {
  readonly all: T[] = []
  readonly #numbers = new Map<string, number>()

  constructor(first?: readonly [T, undefined]) {
    if (first) this.numberOf(String(first[0]), first[0])
  }

  numberOf(key: string, one: T): number {
    const known = this.#numbers.get(key)
    if (known !== undefined) return known
    this.#numbers.set(key, this.all.length)
    return this.all.push(one) - 1
  }
}

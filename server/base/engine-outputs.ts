// Docker puts the outputs of a process without a terminal into one stream: each piece has a head of eight bytes, whose
// first says which output it is and whose last four how long the piece is. Taken apart here with patience: whoever does
// not read stops the engine, and so the process, instead of filling our memory.

import { PassThrough, Readable, type Writable } from 'node:stream'

const HEAD = 8
const STDERR = 2

/** Both outputs end when the source does, however it does. */
export function splitOutputs(
  source: Readable,
  tty: boolean,
): { stdout: Readable; stderr: Readable; ended: Promise<void> } {
  const stdout = new PassThrough()
  const stderr = new PassThrough()
  const ended = pour(source, tty ? () => stdout : demultiplexer(stdout, stderr))
    // A connection that breaks off has said all it will.
    .catch(() => undefined)
    .finally(() => {
      stdout.end()
      stderr.end()
    })
  return { stdout, stderr, ended }
}

/** Both outputs in the order in which they were written. */
export function joinOutputs(source: Readable): Readable {
  const out = new PassThrough()
  const sort = demultiplexer(out, out)
  const parts = async function* () {
    for await (const chunk of source as AsyncIterable<Buffer>) for (const [, part] of sort(chunk)) yield part
  }
  return Readable.from(parts())
}

type Sorter = (chunk: Buffer) => Writable | Generator<[Writable, Buffer]>

async function pour(source: Readable, sort: Sorter): Promise<void> {
  for await (const chunk of source as AsyncIterable<Buffer>) {
    const sorted = sort(chunk)
    if ('write' in sorted) await give(sorted, chunk)
    else for (const [sink, part] of sorted) await give(sink, part)
  }
}

/** Resolves when there is room for more, or nobody wants any. */
function give(sink: Writable, part: Buffer): Promise<void> | undefined {
  if (sink.destroyed || sink.write(part)) return undefined
  return new Promise((resolve) => {
    const done = () => {
      sink.off('drain', done).off('close', done)
      resolve()
    }
    sink.on('drain', done).on('close', done)
  })
}

function demultiplexer(stdout: Writable, stderr: Writable): (chunk: Buffer) => Generator<[Writable, Buffer]> {
  let rest: Buffer = Buffer.alloc(0)
  let left = 0
  let sink = stdout
  return function* sort(chunk) {
    rest = rest.length > 0 ? Buffer.concat([rest, chunk]) : chunk
    for (;;) {
      if (left === 0) {
        if (rest.length < HEAD) return
        sink = rest[0] === STDERR ? stderr : stdout
        left = rest.readUInt32BE(4)
        rest = rest.subarray(HEAD)
        continue
      }
      if (rest.length === 0) return
      const part = rest.subarray(0, left)
      left -= part.length
      rest = rest.subarray(part.length)
      yield [sink, part]
    }
  }
}

import { once } from 'node:events'
import { Duplex, duplexPair } from 'node:stream'
import { buffer } from 'node:stream/consumers'
import { beforeEach, describe, expect, it } from 'vitest'
import { joinDuplexes, joinInPieces } from './join-duplexes.ts'

describe.each([joinDuplexes, joinInPieces])('two joined connections (%o)', (join) => {
  let left: Duplex
  let right: Duplex
  let inner: Duplex[]
  beforeEach(() => {
    const [a, b] = [duplexPair(), duplexPair()]
    left = a[0]
    right = b[0]
    inner = [a[1], b[1]]
    join(a[1], b[1])
  })

  it('are one, both ways, and each way ends by itself', async () => {
    left.end('from the left')
    expect((await buffer(right)).toString()).toBe('from the left')
    right.end('and back')
    expect((await buffer(left)).toString()).toBe('and back')
  })

  it('deliver all that was said by a side that has closed, however slowly it is read', async () => {
    const said = Buffer.alloc(500_000, 'x')
    left.resume()
    left.end(said)
    right.end()
    await once(inner[0]!, 'close')
    expect((await buffer(right)).equals(said)).toBe(true)
  })

  it('break together', async () => {
    inner[0]!.destroy(new Error('reset'))
    await once(inner[1]!, 'close')
  })
})

it('keeps the pieces of one side apart for the other, which takes more at once when it is behind', async () => {
  const taken: string[] = []
  const a = new Duplex({
    read() {},
    writev(chunks, done) {
      taken.push(Buffer.concat(chunks.map(({ chunk }) => chunk)).toString())
      setImmediate(done)
    },
  })
  const [b, far] = duplexPair()
  joinInPieces(a, b)
  for (const piece of ['one', 'two', 'three']) far.write(piece)
  far.end('end')
  await once(a, 'finish')
  expect(taken).toEqual(['one', 'two', 'three', 'end'])
})

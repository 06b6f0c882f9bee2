import { PassThrough, Readable } from 'node:stream'
import { buffer, text } from 'node:stream/consumers'
import { setImmediate as turn } from 'node:timers/promises'
import { describe, expect, it } from 'vitest'
import { joinOutputs, splitOutputs } from './engine-outputs.ts'

function piece(output: 1 | 2, content: string | Buffer): Buffer {
  const head = Buffer.alloc(8)
  head[0] = output
  head.writeUInt32BE(content.length, 4)
  return Buffer.concat([head, Buffer.from(content)])
}

describe('what Docker sends in one stream', () => {
  it.each([1, 3, 7, 8, 9, 1000])('is taken apart when it comes in chunks of %i bytes', async (size) => {
    const wire = Buffer.concat([piece(1, 'out '), piece(2, 'bad '), piece(1, ''), piece(1, 'more'), piece(2, 'worse')])
    const chunks = Array.from({ length: Math.ceil(wire.length / size) }, (_, at) =>
      wire.subarray(at * size, (at + 1) * size),
    )
    const { stdout, stderr } = splitOutputs(Readable.from(chunks), false)
    expect(await Promise.all([text(stdout), text(stderr)])).toEqual(['out more', 'bad worse'])
  })

  it('is joined in the order in which it was written', async () => {
    const wire = Buffer.concat([piece(1, 'one\n'), piece(2, 'two\n'), piece(1, 'three\n'), piece(2, 'four\n')])
    const chunks = [wire.subarray(0, 15), wire.subarray(15)]
    expect(await text(joinOutputs(Readable.from(chunks)))).toBe('one\ntwo\nthree\nfour\n')
  })

  it('is one output when there is a terminal', async () => {
    const { stdout, stderr } = splitOutputs(Readable.from([Buffer.from('screen')]), true)
    expect(await Promise.all([text(stdout), text(stderr)])).toEqual(['screen', ''])
  })

  it.each([true, false])('waits in the engine while nobody reads (terminal: %s)', async (tty) => {
    const content = Buffer.alloc(32 * 1024)
    const chunk = tty ? content : piece(1, content)
    const source = new PassThrough()
    const { stdout, stderr } = splitOutputs(source, tty)
    stderr.resume()
    let taken = 0
    for (let idle = 0; idle < 20 && taken < 1000; ) {
      if (source.writableNeedDrain) idle++
      else {
        source.write(chunk)
        taken++
        idle = 0
      }
      await turn()
    }
    expect(taken).toBeLessThan(20)
    source.end()
    expect(await buffer(stdout)).toHaveLength(taken * content.length)
  })

  it('ends both outputs when the connection breaks', async () => {
    const source = new PassThrough()
    const { stdout, stderr, ended } = splitOutputs(source, false)
    source.write(piece(1, 'half'))
    await turn()
    source.destroy(new Error('gone'))
    await ended
    expect(await Promise.all([text(stdout), text(stderr)])).toEqual(['half', ''])
  })
})

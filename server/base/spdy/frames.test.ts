import { describe, expect, it } from 'vitest'
import { CONTROL, controlFrame, dataFrame, FIN, type Frame, FrameReader, uint32s } from './frames.ts'

const wire = Buffer.concat([
  controlFrame(CONTROL.synStream, Buffer.from('a body'), FIN),
  dataFrame(1, Buffer.from('hello')),
  dataFrame(3, Buffer.alloc(100_000, 'x')),
  controlFrame(CONTROL.ping, uint32s(7)),
  dataFrame(1, Buffer.alloc(0), FIN),
  controlFrame(CONTROL.goAway, uint32s(3, 0)),
  dataFrame(3, Buffer.from('the end'), FIN),
])

/** What is said, with the pieces of data joined again. */
function meaning(frames: Frame[]) {
  const said: Record<string, string> = {}
  const controls: string[] = []
  for (const frame of frames) {
    if (frame.type === 'data') {
      const key = `stream ${frame.streamId}`
      said[key] = `${said[key] ?? ''}${frame.content}${frame.fin ? '<fin>' : ''}`
    } else controls.push(`${frame.kind}/${frame.flags}: ${frame.body.toString('hex')}`)
  }
  return { said, controls }
}

function readIn(cuts: number[]): Frame[] {
  const reader = new FrameReader()
  const frames: Frame[] = []
  let from = 0
  for (const to of [...cuts, wire.length]) {
    frames.push(...reader.read(wire.subarray(from, to)))
    from = to
  }
  return frames
}

const whole = meaning(readIn([]))

/** Repeatable, so that a failure can be looked at. */
function random(seed: number): () => number {
  let state = seed
  return () => {
    state = (state * 1103515245 + 12345) % 2 ** 31
    return state / 2 ** 31
  }
}

describe('frames', () => {
  it('are what was written', () => {
    expect(whole.said).toEqual({
      'stream 1': 'hello<fin>',
      'stream 3': `${'x'.repeat(100_000)}the end<fin>`,
    })
    expect(whole.controls).toEqual(['1/1: 6120626f6479', '6/0: 00000007', '7/0: 0000000300000000'])
  })

  it('mean the same wherever the bytes were cut', () => {
    for (let seed = 1; seed <= 300; seed++) {
      const next = random(seed)
      const cuts = Array.from({ length: 1 + Math.floor(next() * 40) }, () => Math.floor(next() * wire.length))
      // Half of the cuts where it hurts: near the heads of frames.
      const near = cuts.map((at) => (next() < 0.5 ? at % 60 : at))
      expect(meaning(readIn(near.sort((a, b) => a - b))), `seed ${seed}`).toEqual(whole)
    }
  })

  it('mean the same byte by byte', () => {
    expect(meaning(readIn(Array.from({ length: 200 }, (_, at) => at)))).toEqual(whole)
  })

  it('hands out a long frame as it comes', () => {
    const reader = new FrameReader()
    const frame = dataFrame(5, Buffer.alloc(1_000_000, 'y'), FIN)
    const [piece] = reader.read(frame.subarray(0, 5_008))
    expect(piece).toMatchObject({ type: 'data', streamId: 5, fin: false })
    expect(piece?.type === 'data' && piece.content.length).toBe(5_000)
    expect(meaning([...reader.read(frame.subarray(5_008))]).said['stream 5']).toMatch(/^y+<fin>$/)
  })

  it('does not wait for control frames that nobody honest would send', () => {
    const long = controlFrame(CONTROL.synStream, Buffer.alloc(70_000))
    expect(() => [...new FrameReader().read(long.subarray(0, 8))]).toThrow('too long')
    expect(() => [...new FrameReader().read(Buffer.from('80020001000000 00'.replace(' ', ''), 'hex'))]).toThrow(
      'version 2',
    )
  })
})

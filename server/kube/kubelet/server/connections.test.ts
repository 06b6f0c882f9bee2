import type { ServerResponse } from 'node:http'
import { PassThrough } from 'node:stream'
import { describe, expect, it } from 'vitest'
import { settlePromises } from '../../../base/clock.ts'
import { serveConnections } from './connections.ts'

function serve() {
  const response = Object.assign(new PassThrough(), { writeHead: () => undefined, flushHeaders: () => undefined })
  let tell: (news: object) => void = () => undefined
  let isLeft = false
  serveConnections({
    source: {
      listen(listener) {
        tell = listener
        return {
          [Symbol.dispose]: () => {
            isLeft = true
          },
        }
      },
    },
    response: response as unknown as ServerResponse,
  })
  return { response, tell: (news: object) => tell(news), isLeft: () => isLeft }
}

describe('the stream of connections', () => {
  it('is one object a line, and ends with its listener', async () => {
    const { response, tell, isLeft } = serve()
    tell({ type: 'listening' })
    tell({ type: 'new' })
    expect(String(response.read())).toBe('{"type":"listening"}\n{"type":"new"}\n')
    expect(isLeft()).toBe(false)
    response.destroy()
    await settlePromises()
    expect(isLeft()).toBe(true)
  })

  it('keeps no more than a little for a slow reader, and then says how many it kept back', async () => {
    const { response, tell } = serve()
    const told = 3000
    for (let index = 0; index < told; index++) tell({ index, text: 'x'.repeat(1000) })
    expect(response.writableLength).toBeLessThan(1.1 * 2 ** 20)
    let heard = ''
    response.on('data', (chunk) => {
      heard += chunk
    })
    await settlePromises()
    const lines = heard
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as { index?: number; count?: number })
    const lost = lines.at(-1)?.count ?? 0
    expect(lost).toBeGreaterThan(0)
    expect(lines.filter(({ index }) => index !== undefined).length + lost).toBe(told)
    tell({ index: told })
    expect(heard.endsWith(`{"index":${told}}\n`)).toBe(true)
  })
})

import { EventEmitter } from 'node:events'
import { expect, it } from 'vitest'
import { goOn } from './go-on.ts'
import { createLogger } from './logger.ts'

it('tells what nobody caught, and leaves the process as it is', () => {
  const lines: string[] = []
  const process = new EventEmitter()
  goOn(process, createLogger({ level: 'info', write: (line) => lines.push(line) }))
  process.emit('uncaughtException', new TypeError('thrown'))
  process.emit('unhandledRejection', { code: 1n })
  expect(lines).toEqual([
    expect.stringContaining('error nobody caught this; going on err="TypeError: thrown'),
    expect.stringContaining('error nobody caught this; going on err="{ code: 1n }"'),
  ])
})

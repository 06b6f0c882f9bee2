import { EventEmitter } from 'node:events'
import { expect, it } from 'vitest'
import { goOn } from './go-on.ts'
import { createLogger } from './logger.ts'

const started = () => Object.assign(new EventEmitter(), { stdout: new EventEmitter(), stderr: new EventEmitter() })

it('tells what nobody caught, and leaves the process as it is', () => {
  const lines: string[] = []
  const process = started()
  goOn(process, createLogger({ level: 'info', write: (line) => lines.push(line) }))
  process.emit('uncaughtException', new TypeError('thrown'))
  process.emit('unhandledRejection', { code: 1n })
  expect(lines).toEqual([
    expect.stringContaining('error nobody caught this; going on err="TypeError: thrown'),
    expect.stringContaining('error nobody caught this; going on err="{ code: 1n }"'),
  ])
})

it('goes on where nobody reads what it says', () => {
  const lines: string[] = []
  const process = started()
  goOn(process, createLogger({ level: 'info', write: (line) => lines.push(line) }))
  for (const stream of [process.stdout, process.stderr]) stream.emit('error', new Error('write EPIPE'))
  expect(lines).toEqual([])
})

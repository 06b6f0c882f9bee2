import type { IncomingMessage } from 'node:http'
import { Readable } from 'node:stream'
import { expect, it } from 'vitest'
import { systemClock } from '../../../base/clock.ts'
import { Bodies } from './bodies.ts'

const MB = 1024 * 1024

/** It comes as it is pushed. */
const body = () => Object.assign(new Readable({ read() {} }), { headers: {} }) as unknown as IncomingMessage & Readable
const turn = () => new Promise((resolve) => setImmediate(resolve))

it('takes no more of bodies that do not end than there is room for, and has room again when they have gone', async () => {
  const bodies = new Bodies(systemClock)
  const shared = Buffer.alloc(2 * MB)
  const slow = Array.from({ length: 129 }, body)
  const outcomes: string[] = []
  for (const one of slow) {
    bodies.read(one).catch(({ reason }) => outcomes.push(reason))
    one.push(shared)
  }
  await turn()
  expect(outcomes).toEqual(['TooManyRequests'])
  const next = async () => {
    const one = body()
    const read = bodies.read(one)
    one.push(Buffer.from('{}'))
    one.push(null)
    return (await read).toString()
  }
  await expect(next()).rejects.toMatchObject({ reason: 'TooManyRequests' })
  slow[0]!.destroy()
  await turn()
  expect(await next()).toBe('{}')
  for (const one of slow) one.destroy()
  await turn()
  expect(outcomes.filter((reason) => reason === 'BadRequest')).toHaveLength(128)
  const again = Array.from({ length: 128 }, body)
  for (const one of again) {
    bodies.read(one).catch(({ reason }) => outcomes.push(reason))
    one.push(shared)
  }
  await turn()
  expect(outcomes).toHaveLength(129)
})

it('counts little pieces as what they take', async () => {
  const bodies = new Bodies(systemClock)
  const one = body()
  const read = bodies.read(one)
  const piece = Buffer.from(' ')
  for (let count = 0; count <= (256 * MB) / 256; count++) one.push(piece)
  await expect(read).rejects.toMatchObject({ reason: 'TooManyRequests' })
})

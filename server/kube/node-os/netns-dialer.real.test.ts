// A network namespace made for the test, with a server on its loopback that nobody outside can reach.

import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { buffer } from 'node:stream/consumers'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { openNetnsDialer } from './netns-dialer.ts'
import type { NetworkDialer } from './node-os.ts'

const PORT = 4321
/** Answers only when it has heard everything: with what it heard. */
const SERVER = `
require('node:net').createServer({ allowHalfOpen: true }, (socket) => {
  const heard = []
  socket.on('data', (chunk) => heard.push(chunk))
  socket.on('end', () => socket.end(Buffer.concat(heard)))
}).listen(${PORT}, '127.0.0.1', () => console.log('listening'))
`

let pod: ChildProcess
let dialer: NetworkDialer
beforeEach(async () => {
  const script = `ip link set lo up && exec "$0" -e "$1"`
  pod = spawn('unshare', ['--net', 'sh', '-c', script, process.execPath, SERVER], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  await once(pod.stdout!, 'data')
  dialer = openNetnsDialer(`/proc/${pod.pid}/ns/net`)
})
afterEach(() => {
  dialer[Symbol.dispose]()
  pod.kill('SIGKILL')
})

describe('a way into a network namespace', () => {
  it('reaches a server on the loopback inside, and each half ends by itself', async () => {
    const said = Buffer.alloc(5_000_000, 'podium ')
    const sockets = await Promise.all([dialer.dial('127.0.0.1', PORT), dialer.dial('127.0.0.1', PORT)])
    for (const socket of sockets) socket.end(said)
    for (const socket of sockets) expect((await buffer(socket)).equals(said)).toBe(true)
  })

  it('says why it cannot connect', async () => {
    await expect(dialer.dial('127.0.0.1', 1)).rejects.toThrow('ECONNREFUSED')
  })

  it('ends its connections when it is closed, and makes no more', async () => {
    const socket = await dialer.dial('127.0.0.1', PORT)
    const closed = once(socket, 'close')
    dialer[Symbol.dispose]()
    await closed
    await expect(dialer.dial('127.0.0.1', PORT)).rejects.toThrow('closed')
  })

  it('says so when there is no such namespace', async () => {
    using nowhere = openNetnsDialer('/proc/1/ns/no-such-thing')
    await expect(nowhere.dial('127.0.0.1', PORT)).rejects.toThrow('No such file or directory')
  })
})

// By the perl of this host, which is the same Debian's: what it says of an answer, a refusal, and a port that is taken.

import { execFile } from 'node:child_process'
import { createSocket, type Socket } from 'node:dgram'
import { promisify } from 'node:util'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { callFromTerminal } from './call-from-terminal.ts'

const sockets: Socket[] = []
const bound = (host = '127.0.0.1', port = 0) =>
  new Promise<Socket>((resolve, reject) => {
    const socket = createSocket(host.includes(':') ? 'udp6' : 'udp4')
    sockets.push(socket)
    socket.once('error', reject)
    socket.bind(port, host, () => resolve(socket))
  })
const close = (socket: Socket) => {
  sockets.splice(sockets.indexOf(socket), 1)
  return new Promise<void>((closed) => socket.close(() => closed()))
}
/** That nobody has just now. */
async function freePort(): Promise<number> {
  const socket = await bound()
  const { port } = socket.address()
  await close(socket)
  return port
}

const exec = async ([command = '', ...args]: string[]) => {
  const { stdout, stderr } = await promisify(execFile)(command, args, { encoding: 'utf8' })
  return { exitCode: 0, stdout, stderr }
}
const send = (host: string, port: number, localPort: number) =>
  callFromTerminal({ exec }, { host, port, protocol: 'udp', localPort })

let server: Socket
beforeAll(async () => {
  server = await bound()
  server.on('message', (_, { port, address }) => server.send(`seen ${port}\nand more`, port, address))
})
afterAll(() => Promise.all([...sockets].map(close)))

describe('a datagram from the terminal', () => {
  it('goes out by the port that the kernels wait for, and the first line of what comes back is told', async () => {
    const localPort = await freePort()
    expect(await send('127.0.0.1', server.address().port, localPort)).toMatchObject({
      ...{ how: 'connected', address: '127.0.0.1', from: '127.0.0.1', names: [] },
      ...{ answer: `seen ${localPort}`, bytes: `seen ${localPort}\nand more`.length },
    })
  })

  it('says who refuses', async () => {
    expect(await send('127.0.0.1', await freePort(), await freePort())).toMatchObject({
      ...{ how: 'ECONNREFUSED', address: '127.0.0.1', from: '127.0.0.1', bytes: 0 },
    })
  })

  it('says what a name led to, and when it led nowhere', async () => {
    const { names } = await send('localhost', server.address().port, await freePort())
    expect(names).toMatchObject([{ name: 'localhost', answer: 'NOERROR' }])
    const nowhere = await send('nobody..example', 53, await freePort())
    expect(nowhere).toMatchObject({ how: 'no name', names: [{ answer: 'NXDOMAIN', addresses: [] }] })
    expect(nowhere).not.toHaveProperty('address')
  })

  it('says when its port is taken', async () => {
    const taken = await bound('0.0.0.0')
    expect(await send('127.0.0.1', server.address().port, taken.address().port)).toMatchObject({ how: 'EADDRINUSE' })
  })

  it('is told to have failed where there is no perl', async () => {
    const nothing = { exec: async () => ({ exitCode: 127, stdout: '', stderr: 'perl: not found' }) }
    const order = { host: '127.0.0.1', port: 53, protocol: 'udp' as const, localPort: 41_000 }
    await expect(callFromTerminal(nothing, order)).rejects.toThrow('perl: not found')
  })
})

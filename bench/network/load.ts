// What a caller in a pod does to measure a way: many short calls, and one long one. And who answers it.

import { once } from 'node:events'
import { connect, createServer } from 'node:net'

/** Says one letter to each call. */
export const CALL_PORT = 8080
/**
 * The same for calls through a Service. A connection that has just ended is remembered by who answered it; one that comes
 * from the same port of the caller looks like an old packet of it where it was called under another address, for the
 * caller then counts from elsewhere: it is not answered, and the caller waits a second before it tries again.
 */
export const SERVED_PORT = 8082
/** Listens as long as somebody talks. */
export const TALK_PORT = 8081
const CALLERS = 8
const CHUNK = Buffer.alloc(256 * 1024)

export interface Measured {
  calls: number
  megabytes: number
}

export interface Target {
  host: string
  callPort: number
  talkPort: number
}

export const podAt = (host: string): Target => ({ host, callPort: CALL_PORT, talkPort: TALK_PORT })

export async function answer(): Promise<void> {
  const listen = (port: number, word: string) =>
    once(
      createServer((socket) => (word ? socket.end(word) : socket).on('error', () => undefined).resume()).listen(port),
      'listening',
    )
  await Promise.all([listen(CALL_PORT, 'x'), listen(SERVED_PORT, 'x'), listen(TALK_PORT, '')])
}

export async function measure({ host, callPort, talkPort }: Target, forMs: number): Promise<Measured> {
  return {
    calls: await callsPerSecond(host, callPort, forMs),
    megabytes: await megabytesPerSecond(host, talkPort, forMs),
  }
}

async function callsPerSecond(host: string, port: number, forMs: number): Promise<number> {
  const until = performance.now() + forMs
  let calls = 0
  const caller = async () => {
    while (performance.now() < until) {
      await once(connect(port, host).resume(), 'close')
      calls++
    }
  }
  await Promise.all(Array.from({ length: CALLERS }, caller))
  return Math.round((calls * 1000) / forMs)
}

async function megabytesPerSecond(host: string, port: number, forMs: number): Promise<number> {
  const socket = connect(port, host)
  await once(socket, 'connect')
  const from = performance.now()
  while (performance.now() - from < forMs) if (!socket.write(CHUNK)) await once(socket, 'drain')
  const seconds = (performance.now() - from) / 1000
  const sent = socket.bytesWritten - socket.writableLength
  socket.destroy()
  return Math.round(sent / 1e6 / seconds)
}

// Connections made from inside another network namespace, to what listens on its loopback. A process cannot change its
// namespace for one call, so a small Node process lives in there, makes each connection and hands the open socket over:
// the socket stays in its namespace wherever it is held, and bytes pass no third process.

import { type ChildProcess, spawn } from 'node:child_process'
import type { Socket } from 'node:net'
import type { NetworkDialer } from './node-os.ts'

const IN_THE_NAMESPACE = `
const net = require('node:net')
process.on('message', ({ id, host, port }) => {
  const socket = net.connect({ host, port, allowHalfOpen: true })
  socket.pause()
  socket.once('error', (err) => process.send({ id, error: err.code || err.message }))
  socket.once('connect', () => {
    socket.removeAllListeners('error')
    process.send({ id }, socket)
  })
})
process.on('disconnect', () => process.exit(0))
`

interface Waiting {
  resolve(socket: Socket): void
  reject(err: Error): void
}

interface Answer {
  id: number
  error?: string
}

export function openNetnsDialer(netnsPath: string): NetworkDialer {
  const child: ChildProcess = spawn('nsenter', [`--net=${netnsPath}`, process.execPath, '-e', IN_THE_NAMESPACE], {
    stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
  })
  const waiting = new Map<number, Waiting>()
  const open = new Set<Socket>()
  let sequence = 0
  let ended: Error | undefined
  let said = ''
  child.stderr?.on('data', (chunk) => {
    said = `${said}${chunk}`.slice(-1000)
  })
  const end = (err: Error) => {
    ended ??= err
    for (const { reject } of waiting.values()) reject(ended)
    waiting.clear()
  }
  child.once('error', end)
  // Not `exit`: what it said may still be on the way then.
  child.once('close', () => end(new Error(said.trim() || 'the way into the network namespace is closed')))
  child.on('message', (message, handle) => {
    const answer = message as Answer
    const socket = handle as Socket | undefined
    const who = waiting.get(answer.id)
    waiting.delete(answer.id)
    if (!socket) return void who?.reject(new Error(answer.error))
    if (!who) return void socket.destroy()
    // Either side may end its half; Node gives received sockets its own default.
    socket.allowHalfOpen = true
    open.add(socket)
    socket.once('close', () => open.delete(socket))
    who.resolve(socket)
  })
  return {
    dial: (host, port) =>
      new Promise((resolve, reject) => {
        if (ended) return reject(ended)
        const id = ++sequence
        waiting.set(id, { resolve, reject })
        // A child that hears nothing is gone or going; its end tells why, better than the broken channel does.
        child.send({ id, host, port }, (err) => {
          if (err) child.kill('SIGKILL')
        })
      }),
    [Symbol.dispose]() {
      end(new Error('closed'))
      child.kill('SIGKILL')
      for (const socket of open) socket.destroy()
    },
  }
}

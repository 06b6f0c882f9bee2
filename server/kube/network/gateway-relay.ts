// In a cluster of IPv6 alone pods have no way to the gateway of the machines' network, which has none of it. Each machine
// listens under an address of IPv6 for them, the same on all, and hands on to the gateway by IPv4 what is for the API server
// and for DNS. Other ports are not open: nothing is reached by it that machines may not reach.

import { createSocket, type Socket as Datagrams } from 'node:dgram'
import { once } from 'node:events'
import { connect, createServer } from 'node:net'
import type { Clock } from '../../base/clock.ts'
import { joinDuplexes } from '../../base/join-duplexes.ts'
import type { Logger } from '../../base/logger.ts'

export interface RelayOptions {
  /** Where it listens. */
  address: string
  gateway: string
  tcpPorts: readonly number[]
  udpPorts: readonly number[]
  clock: Clock
  logger: Logger
}

/** Longer than anybody waits for an answer. */
const IDLE_MS = 5_000
/** Callers of UDP at the same time; who comes then asks again. */
const MOST_CALLERS = 512

const AGAIN_MS = 2_000

/** A port may be somebody else's, who has the machine's network too: then it waits for it, and the machine goes on without. */
export function runGatewayRelay(options: RelayOptions): AsyncDisposable {
  const { clock, logger } = options
  const stop = new AbortController()
  const stopped = once(stop.signal, 'abort')
  async function run(): Promise<void> {
    while (!stop.signal.aborted) {
      try {
        await using _relay = await startGatewayRelay(options)
        await stopped
      } catch (err) {
        logger.warn('pods do not reach the API server and DNS, the relay to them is opened again later', { err })
        await clock.sleep(AGAIN_MS, stop.signal).catch(() => undefined)
      }
    }
  }
  const running = run()
  return {
    [Symbol.asyncDispose]: () => {
      stop.abort(new Error('closed'))
      return running
    },
  }
}

async function startGatewayRelay(options: RelayOptions): Promise<AsyncDisposable> {
  await using stack = new AsyncDisposableStack()
  for (const port of options.tcpPorts) stack.use(await relayStreams(options, port))
  for (const port of options.udpPorts) stack.use(await relayDatagrams(options, port))
  return stack.move()
}

async function relayStreams({ address, gateway }: RelayOptions, port: number): Promise<AsyncDisposable> {
  const open = new Set<{ destroy(): void }>()
  const server = createServer({ allowHalfOpen: true, noDelay: true }, (caller) => {
    const onward = connect({ host: gateway, port, allowHalfOpen: true, noDelay: true })
    for (const socket of [caller, onward]) {
      open.add(socket)
      socket.once('close', () => open.delete(socket))
    }
    joinDuplexes(caller, onward)
  })
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject)
    server.listen(port, address, resolve)
  })
  return {
    [Symbol.asyncDispose]: () => {
      for (const socket of open) socket.destroy()
      return new Promise((closed) => server.close(() => closed()))
    },
  }
}

interface Onward {
  socket: Datagrams
  idle: Disposable
}

async function relayDatagrams({ address, gateway, clock }: RelayOptions, port: number): Promise<AsyncDisposable> {
  /** By caller. */
  const onward = new Map<string, Onward>()
  const here = createSocket('udp6')
  here.on('message', (question, { address: from, port: fromPort }) => {
    const caller = `${from} ${fromPort}`
    const known = onward.get(caller) ?? open(caller, (answer) => here.send(answer, fromPort, from))
    if (!known) return
    known.idle[Symbol.dispose]()
    known.idle = clock.setTimeout(() => known.socket.close(), IDLE_MS)
    known.socket.send(question, port, gateway)
  })

  function open(caller: string, answer: (bytes: Buffer) => void): Onward | undefined {
    if (onward.size >= MOST_CALLERS) return undefined
    const socket = createSocket('udp4')
    const opened = { socket, idle: clock.setTimeout(() => socket.close(), IDLE_MS) }
    onward.set(caller, opened)
    socket.once('close', () => {
      opened.idle[Symbol.dispose]()
      onward.delete(caller)
    })
    // Who gets no answer asks again.
    socket.on('error', () => undefined)
    socket.on('message', (bytes, from) => {
      if (from.address === gateway && from.port === port) answer(bytes)
    })
    return opened
  }

  await new Promise<void>((resolve, reject) => {
    here.once('error', reject)
    here.bind(port, address, resolve)
  })
  here.on('error', () => undefined)
  return {
    [Symbol.asyncDispose]: async () => {
      await new Promise<void>((closed) => here.close(() => closed()))
      await Promise.all(
        [...onward.values()].map(({ socket }) => new Promise<void>((closed) => socket.close(() => closed()))),
      )
    },
  }
}

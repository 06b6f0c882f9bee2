// The network of one cluster for those who look through the Network lens: machines are listened to while anybody looks,
// and left alone otherwise. What objects say comes from caches that somebody keeps anyway.

import type { Clock } from '../../base/clock.ts'
import type { Transport } from '../../kube/client/index.ts'
import type { ConnectionNews } from '../../kube/network/connection-news.ts'
import { OpenWhileWatched } from '../open-while-watched.ts'
import { Addresses, type ClusterObjects } from './addresses.ts'
import { ConnectionJoin } from './connection-join.ts'
import { openMachineEar } from './machine-ear.ts'
import { type Hearing, networkMachine, networkPod, networkServices, whyDeaf } from './network-objects.ts'
import type { Lost, NetworkPush } from './network-push.ts'
import { whyStopped } from './why-stopped.ts'

export interface NetworkSight {
  view(before: { pods: [] }): ClusterObjects
  onChange(listener: () => void): Disposable
}

export interface NetworkFeedOptions {
  sight: NetworkSight
  /** Opened when the first viewer comes, closed after the last has gone. */
  connect: () => Transport & Disposable
  clock: Clock
  random: () => number
}

const LINGER_MS = 5_000
/** Ways to lose connections: there are a few for each machine, but a learner may make theirs say more. */
const MOST_LOST = 100

interface Running extends Disposable {
  since: number
  join: ConnectionJoin
  addresses: Addresses
  transport: Transport & Disposable
  watching: Disposable
  ears: Map<string, Disposable>
  /** What is known of the hearing, by machine. */
  hearing: Map<string, Hearing>
  lost: Map<string, Lost>
}

export class NetworkFeed implements Disposable {
  readonly #options: NetworkFeedOptions
  readonly #machines: OpenWhileWatched<Running>

  constructor(options: NetworkFeedOptions) {
    this.#options = options
    this.#machines = new OpenWhileWatched({ open: () => this.#open(), lingerMs: LINGER_MS, clock: options.clock })
  }

  watch(signal: AbortSignal): AsyncGenerator<NetworkPush> {
    const sent = { change: 0, services: '', pods: '', machines: '', lost: '[]' }
    let whole = true
    return this.#machines.whenever(signal, (running) => {
      const push: NetworkPush = {
        whole,
        ...(whole ? { since: running.since } : {}),
        ...this.#news(running, sent),
        connections: running.join.changedSince(sent.change),
      }
      sent.change = running.join.change
      const isNews = whole || push.connections.length > 0 || push.services || push.pods || push.machines || push.lost
      whole = false
      return isNews ? push : undefined
    })
  }

  [Symbol.dispose](): void {
    this.#machines[Symbol.dispose]()
  }

  /** Only what reads otherwise than what was sent, and remembers it as sent. */
  #news(running: Running, sent: Record<'services' | 'pods' | 'machines' | 'lost', string>) {
    const objects = this.#options.sight.view({ pods: [] })
    const now = {
      services: networkServices(objects),
      pods: objects.pods.map(networkPod),
      machines: objects.nodes.map((node) => networkMachine(node, running.hearing.get(node.metadata?.name ?? ''))),
      lost: [...running.lost.values()],
    }
    const news: Pick<NetworkPush, keyof typeof sent> = {}
    for (const part of ['services', 'pods', 'machines', 'lost'] as const) {
      const text = JSON.stringify(now[part])
      if (text === sent[part]) continue
      sent[part] = text
      Object.assign(news, { [part]: now[part] })
    }
    return news
  }

  #open(): Running {
    const { sight, connect, clock } = this.#options
    const running: Running = {
      since: clock.now(),
      join: new ConnectionJoin(),
      addresses: new Addresses(sight.view({ pods: [] })),
      transport: connect(),
      watching: sight.onChange(() => this.#look(running)),
      ears: new Map(),
      hearing: new Map(),
      lost: new Map(),
      [Symbol.dispose]() {
        running.watching[Symbol.dispose]()
        for (const ear of running.ears.values()) ear[Symbol.dispose]()
        running.transport[Symbol.dispose]()
      },
    }
    this.#look(running)
    return running
  }

  /** Machines come and go, and addresses get owners. */
  #look(running: Running): void {
    const { sight, clock, random } = this.#options
    const objects = sight.view({ pods: [] })
    running.addresses = new Addresses(objects)
    running.join.lookAgain(running.addresses, clock.now())
    const real = objects.nodes.flatMap((node) => (whyDeaf(node) ? [] : [node.metadata?.name ?? '']))
    for (const [name, ear] of running.ears) {
      if (real.includes(name)) continue
      ear[Symbol.dispose]()
      running.ears.delete(name)
      running.hearing.delete(name)
    }
    for (const machine of real) {
      if (running.ears.has(machine)) continue
      const ear = openMachineEar({
        machine,
        transport: running.transport,
        clock,
        random,
        hear: (_, news) => this.#hear(running, machine, news),
        deaf: (_, why) => {
          running.hearing.set(machine, { state: 'connecting', why })
          this.#machines.tell()
        },
      })
      running.ears.set(machine, ear)
    }
    this.#machines.tell()
  }

  #hear(running: Running, machine: string, news: ConnectionNews): void {
    if (news.type === 'listening') running.hearing.set(machine, { state: 'listening', why: '' })
    else if (news.type === 'lost') {
      const { why, count = 0 } = news
      const before = running.lost.get(`${machine} ${why}`)
      if (!before && running.lost.size >= MOST_LOST) return
      running.lost.set(`${machine} ${why}`, {
        machine,
        why,
        times: (before?.times ?? 0) + 1,
        connections: (before?.connections ?? 0) + count,
      })
    } else if (news.type === 'stopped') {
      const why = whyStopped({ machine, ...news }, this.#options.sight.view({ pods: [] }), running.addresses)
      running.join.stop(machine, news, why, running.addresses)
    } else running.join.hear(machine, news, running.addresses)
    this.#machines.tell()
  }
}

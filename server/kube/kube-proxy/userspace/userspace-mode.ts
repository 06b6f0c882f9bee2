// Mode userspace, as kube-proxy was in the beginning and until Kubernetes 1.26 took it away: the kernel leads calls to a
// socket of kube-proxy, which makes others of its own. Taught as history: whoever answers sees the node calling, and a call
// ends with the kube-proxy that carries it (docs/decisions/0059).

import type { Clock } from '../../../base/clock.ts'
import type { NodeOs } from '../../node-os/node-os.ts'
import { RestoredTables } from '../iptables/restored-tables.ts'
import type { Ground } from '../iptables/rules.ts'
import type { ProxyMode } from '../proxy-mode.ts'
import type { ServicePort } from '../service-ports.ts'
import { RoundRobin } from './round-robin.ts'
import { portalRules, USERSPACE_JUMPS } from './rules.ts'
import { openTcp, openUdp, type ServiceSocket } from './service-socket.ts'

export class UserspaceMode implements ProxyMode {
  readonly #ground: Ground
  readonly #clock: Clock
  readonly #random: () => number
  readonly #tables: RestoredTables
  /** By name and protocol of a port, so that calls go on while its endpoints come and go. */
  readonly #open = new Map<string, { socket: ServiceSocket; turns: RoundRobin }>()

  constructor(os: NodeOs, ground: Ground, { clock, random }: { clock: Clock; random: () => number }) {
    this.#ground = ground
    this.#clock = clock
    this.#random = random
    this.#tables = new RestoredTables(os, ground.family, USERSPACE_JUMPS)
  }

  async sync(ports: readonly ServicePort[]): Promise<void> {
    // SCTP never came here.
    const wanted = new Map(ports.filter(({ protocol }) => protocol !== 'sctp').map((port) => [keyOf(port), port]))
    for (const key of this.#open.keys()) if (!wanted.has(key)) await this.#close(key)
    const portals = []
    for (const port of wanted.values()) {
      const { socket, turns } = this.#open.get(keyOf(port)) ?? (await this.#openFor(port))
      turns.update(port.internalLocal ? port.local : port.cluster, port.affinitySeconds)
      portals.push({ port, socketPort: socket.port })
    }
    await this.#tables.bring(portalRules(portals, this.#ground))
  }

  isIntact(): Promise<boolean> {
    return this.#tables.isIntact()
  }

  async close(): Promise<void> {
    for (const key of this.#open.keys()) await this.#close(key)
  }

  async #openFor(port: ServicePort) {
    const turns = new RoundRobin(this.#clock, this.#random)
    const address = this.#ground.family === 'IPv6' ? '::' : '0.0.0.0'
    const open = port.protocol === 'udp' ? openUdp : openTcp
    const opened = { turns, socket: await open({ address, turns, clock: this.#clock }) }
    this.#open.set(keyOf(port), opened)
    return opened
  }

  async #close(key: string): Promise<void> {
    const open = this.#open.get(key)
    this.#open.delete(key)
    await open?.socket.close()
  }
}

const keyOf = ({ name, protocol }: ServicePort) => `${name} ${protocol}`

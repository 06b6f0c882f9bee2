// Mode iptables: keeps the kernel's rules equal to what Services and endpoints ask for, one restore for each change.

import type { NodeOs } from '../../node-os/node-os.ts'
import type { ProxyMode } from '../proxy-mode.ts'
import type { ServicePort } from '../service-ports.ts'
import { IPTABLES_JUMPS } from './jumps.ts'
import { RestoredTables } from './restored-tables.ts'
import { type Ground, type PortRules, ruleSetOf, rulesOf } from './rules.ts'

export class IptablesMode implements ProxyMode {
  readonly #os: NodeOs
  readonly #ground: Ground
  readonly #tables: RestoredTables
  readonly #rules = new WeakMap<ServicePort, PortRules>()
  #mayCallLoopback = false

  constructor(os: NodeOs, ground: Ground) {
    this.#os = os
    this.#ground = ground
    this.#tables = new RestoredTables(os, ground.family, IPTABLES_JUMPS)
  }

  get counts() {
    return this.#tables.counts
  }

  async sync(ports: readonly ServicePort[]): Promise<void> {
    if (!this.#mayCallLoopback) await this.#letLoopbackOut()
    await this.#tables.bring(
      ruleSetOf(
        ports.map((port) => this.#rulesOf(port)),
        this.#ground,
      ),
    )
  }

  isIntact(): Promise<boolean> {
    return this.#tables.isIntact()
  }

  #rulesOf(port: ServicePort): PortRules {
    const known = this.#rules.get(port) ?? rulesOf(port, this.#ground)
    this.#rules.set(port, known)
    return known
  }

  /** So that node ports answer on 127.0.0.1 as well (see KUBE-FIREWALL). */
  async #letLoopbackOut(): Promise<void> {
    if (this.#ground.family === 'IPv4') await this.#os.run('sysctl', ['-qw', 'net.ipv4.conf.all.route_localnet=1'])
    this.#mayCallLoopback = true
  }
}

const CHAIN =
  /^KUBE-(SERVICES|EXTERNAL-SERVICES|NODEPORTS|POSTROUTING|MARK-MASQ|FORWARD|FIREWALL|PROXY-FIREWALL|(SVC|SVL|EXT|FW|SEP)-[A-Z2-7]{16})$/

export const isChainOfIptables = (chain: string) => CHAIN.test(chain)

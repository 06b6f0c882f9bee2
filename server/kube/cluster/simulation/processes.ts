// The processes of a simulated control plane. Of each kind there are two, and the Lease says which works; any of them
// can be killed at any point and started again.

import type { Clock } from '../../../base/clock.ts'
import { noLogger } from '../../../base/logger.ts'
import { noTrace } from '../../../base/trace.ts'
import { createClient } from '../../client/client.ts'
import type { ControllerDefinition } from '../../client/controller-builder.ts'
import { runControllers } from '../../client/controller-runner.ts'
import { LeaderElection } from '../../client/leader-election.ts'
import type { Transport } from '../../client/transport.ts'
import { runScheduler } from '../../scheduler/index.ts'
import type { Link, Network } from './network.ts'

/** What a process does while it leads. */
export type Work = (line: Line, network: Network) => AsyncDisposable

export type Line = Pick<Link, 'transport'>

const service = (account: string, client: string) => ({
  user: `system:serviceaccount:kube-system:${account}`,
  groups: ['system:serviceaccounts', 'system:authenticated'],
  client,
})
const component = (name: string, client = name) => ({
  user: `system:${name}`,
  groups: ['system:authenticated'],
  client,
})
const common = ({ clock, dice }: Network): { clock: Clock; random: () => number } => ({ clock, random: dice.random })

export const controllerManager =
  (definitions: () => readonly ControllerDefinition[]): Work =>
  (line, network) =>
    runControllers({
      ...common(network),
      definitions: definitions(),
      clientFor: (client, account) => createClient(line.transport(service(account, client))),
      informerClientFor: (client) => createClient(line.transport(component('kube-controller-manager', client))),
      logger: noLogger,
      trace: noTrace,
    })

export const scheduler: Work = (line, network) =>
  runScheduler({
    ...common(network),
    client: createClient(line.transport(component('kube-scheduler'))),
    logger: noLogger,
    trace: noTrace,
  })

/** What may be wrong with a process. */
export interface Flaws {
  transport?(transport: Transport): Transport
  renewDeadlineMs?: number
}

export interface CandidateOptions {
  network: Network
  component: string
  name: string
  work: Work
  flaws: Flaws
}

export class Candidate {
  readonly name: string
  readonly component: string
  readonly #options: CandidateOptions
  #life: { link: Link; stop: AbortController; ended: Promise<void> } | undefined
  #lives = 0
  isLeading = false

  constructor(options: CandidateOptions) {
    this.name = options.name
    this.component = options.component
    this.#options = options
  }

  get isAlive(): boolean {
    return this.#life !== undefined
  }

  start(): void {
    const { network, work, flaws } = this.#options
    const link = network.link()
    const line: Line = {
      transport: (identity) => flaws.transport?.(link.transport(identity)) ?? link.transport(identity),
    }
    const stop = new AbortController()
    const election = new LeaderElection({
      ...common(network),
      client: createClient(line.transport(component(this.component))),
      logger: noLogger,
      lease: { namespace: 'kube-system', name: this.component },
      // As upstream's: whoever comes back is somebody else, and waits for the Lease of who it was.
      identity: `${this.name}_${++this.#lives}`,
      ...(flaws.renewDeadlineMs ? { renewDeadlineMs: flaws.renewDeadlineMs } : {}),
      lead: async (term) => {
        this.isLeading = true
        await using _work = work(line, network)
        await new Promise<void>((resolve) => {
          if (term.aborted) resolve()
          term.addEventListener('abort', () => resolve(), { once: true })
        })
        this.isLeading = false
      },
    })
    this.#life = { link, stop, ended: election.run(stop.signal) }
  }

  /** At once and without a word; `gently` it gives the Lease back. */
  async end({ gently = false } = {}): Promise<void> {
    const life = this.#life
    if (!life) return
    this.#life = undefined
    if (!gently) {
      life.link.cut()
      this.isLeading = false
    }
    life.stop.abort()
    await life.ended
  }

  set isPartitioned(isPartitioned: boolean) {
    if (this.#life) this.#life.link.isPartitioned = isPartitioned
  }
}

// Sandboxes of those who are away, how deep each sleeps, and what is kept for when they are back.

import type { Clock } from '../../base/clock.ts'
import type { Logger } from '../../base/logger.ts'
import type { ClusterHost, MachinesRest } from '../../kube/cluster/index.ts'
import type { Database } from '../database/open-database.ts'
import type { Desk, Sandbox } from './sandbox.ts'

export interface RestingOptions {
  host: Pick<ClusterHost, 'stopCluster'>
  database: Database
  clock: Clock
  logger: Logger
}

export class Resting {
  readonly #options: RestingOptions
  readonly #depths = new Map<string, MachinesRest>()
  /** What is open in the terminals of those who are paused. */
  readonly #desks = new Map<string, Desk>()
  /** Whoever is being laid down is woken only after. */
  readonly #layingDown = new Map<string, Promise<void>>()

  constructor(options: RestingOptions) {
    this.#options = options
  }

  depthOf(learnerId: string): MachinesRest | undefined {
    return this.#depths.get(learnerId)
  }

  deskOf(learnerId: string): Desk | undefined {
    return this.#desks.get(learnerId)
  }

  /** Resolves when nobody is being laid down; of one learner, or at all. */
  async settled(learnerId?: string): Promise<void> {
    await (learnerId === undefined ? Promise.all(this.#layingDown.values()) : this.#layingDown.get(learnerId))
  }

  /** Who slept when the last process ended: on disk, unless that was killed and has left it paused. */
  adopt(learnerId: string, cluster: string): void {
    this.#depths.set(learnerId, 'stop')
    this.#busy(learnerId, this.#stop(cluster, 'stop'))
  }

  /** `open` is what has to be let go of first. */
  layDown(learnerId: string, machines: MachinesRest, open: () => Promise<Sandbox | undefined>): Promise<void> {
    this.#depths.set(learnerId, machines)
    const work = async () => {
      const desk = (await open())?.rest()
      if (desk) this.#desks.set(learnerId, desk)
      if (machines === 'stop') await this.#clearDesk(learnerId)
      await this.#restClusterOf(learnerId, machines)
    }
    return this.#busy(learnerId, this.settled(learnerId).then(work))
  }

  /** The classroom ends, and the host takes every cluster to disk: the next one wakes them one by one, as learners come. */
  async allAsleep(): Promise<void> {
    const { database, clock } = this.#options
    await database.sandbox.updateMany({
      where: { learnerId: { not: null }, asleepAt: null },
      data: { asleepAt: new Date(clock.now()) },
    })
  }

  /** The learner has their sandbox again, and what was open in it. */
  async woken(learnerId: string, cluster: string): Promise<void> {
    this.#desks.delete(learnerId)
    const slept = this.#depths.delete(learnerId)
    // Always: what the database says is believed at the next start, whatever is known here.
    await this.#options.database.sandbox.updateMany({ where: { cluster }, data: { asleepAt: null } })
    if (slept) this.#options.logger.info('sandbox woken', { cluster })
  }

  /** The sandbox is of no use any more. */
  async forget(learnerId: string): Promise<void> {
    await this.settled(learnerId)
    this.#depths.delete(learnerId)
    await this.#clearDesk(learnerId)
  }

  #busy(learnerId: string, work: Promise<void>): Promise<void> {
    const done = work.finally(() => {
      if (this.#layingDown.get(learnerId) === done) this.#layingDown.delete(learnerId)
    })
    this.#layingDown.set(learnerId, done)
    return done
  }

  async #restClusterOf(learnerId: string, machines: MachinesRest): Promise<void> {
    const { database, clock, logger } = this.#options
    const row = await database.sandbox.findUnique({ where: { learnerId }, select: { cluster: true, asleepAt: true } })
    if (!row) return
    await this.#stop(row.cluster, machines)
    const asleepAt = row.asleepAt ?? new Date(clock.now())
    await database.sandbox.updateMany({ where: { cluster: row.cluster }, data: { asleepAt } })
    logger.info('sandbox rests', { cluster: row.cluster, machines })
  }

  async #stop(cluster: string, machines: MachinesRest): Promise<void> {
    const { host, logger } = this.#options
    await host.stopCluster(cluster, machines).catch((err) => logger.error('sandbox did not rest', { cluster, err }))
  }

  async #clearDesk(learnerId: string): Promise<void> {
    const desk = this.#desks.get(learnerId)
    this.#desks.delete(learnerId)
    // A terminal that stays keeps no cluster awake, and nobody in line from a seat.
    await desk?.terminals
      .close()
      .catch((err) => this.#options.logger.error('terminal was not taken away', { learnerId, err }))
  }
}

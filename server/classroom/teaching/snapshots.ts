// What somebody who teaches has kept of a learner's cluster, files and lab, to put it back when the learner has lost their way.
// The newest few of each learner; they go with the cluster.

import type { ClusterHost } from '../../kube/cluster/index.ts'
import { ClassroomError } from '../classroom-error.ts'
import type { Database } from '../database/open-database.ts'
import type { LabSession } from '../grading/lab-session.ts'
import type { Standing } from '../grading/progress.ts'
import type { KeptHomes } from '../terminals/shell.ts'
import type { SnapshotView } from './wall-view.ts'

const SLOTS = 5

export interface SnapshotOptions {
  database: Database
  host: Pick<ClusterHost, 'saveState'>
  homes: KeptHomes | undefined
  now: () => number
}

export class Snapshots {
  readonly #options: SnapshotOptions
  /** By cluster. */
  readonly #taking = new Map<string, Promise<void>>()

  constructor(options: SnapshotOptions) {
    this.#options = options
  }

  /** In a free place, or in that of the oldest that is not to be spared. One after the other: two at once would choose the same place. */
  async take(session: LabSession, by: string, spared?: number): Promise<void> {
    const { cluster } = session
    if (cluster === undefined) throw new ClassroomError('no-cluster', 'There is no cluster yet to take a snapshot of.')
    const before = this.#taking.get(cluster)?.catch(() => undefined)
    const taking = (before ?? Promise.resolve())
      .then(() => this.#take(session, cluster, by, spared))
      .finally(() => {
        if (this.#taking.get(cluster) === taking) this.#taking.delete(cluster)
      })
    this.#taking.set(cluster, taking)
    await taking
  }

  async #take(session: LabSession, cluster: string, by: string, spared?: number): Promise<void> {
    const { database, host, homes, now } = this.#options
    expectAtRest(session)
    const { lab, standing } = session
    const taken = await database.snapshot.findMany({ where: { cluster }, orderBy: { takenAt: 'asc' } })
    const free = Array.from({ length: SLOTS }, (_, slot) => slot).find((slot) =>
      taken.every((one) => one.slot !== slot),
    )
    const slot = free ?? taken.find((one) => one.slot !== spared)?.slot ?? 0
    const data = { labId: lab.id, by, takenAt: new Date(now()), standing: JSON.stringify(standing) }
    await Promise.all([host.saveState(cluster, nameOf(slot)), homes?.keepHomes(cluster, nameOf(slot))])
    await database.snapshot.upsert({
      where: { cluster_slot: { cluster, slot } },
      create: { cluster, slot, ...data },
      update: data,
      select: { slot: true },
    })
  }

  /** Of the lab that the learner is in, newest first. */
  async of({ lab, cluster }: LabSession): Promise<SnapshotView[]> {
    if (cluster === undefined) return []
    const rows = await this.#options.database.snapshot.findMany({
      where: { cluster, labId: lab.id },
      orderBy: { takenAt: 'desc' },
    })
    return rows.map(({ slot, takenAt, by, standing }) => {
      const { reached } = JSON.parse(standing) as Standing
      return { slot, at: takenAt.getTime(), by, step: reached }
    })
  }

  /** With `keepFor`, only after a snapshot of now was taken in that name. */
  async putBack(session: LabSession, slot: number, keepFor?: string): Promise<void> {
    const { cluster, lab } = session
    const row =
      cluster && (await this.#options.database.snapshot.findFirst({ where: { cluster, slot, labId: lab.id } }))
    if (!row) throw new ClassroomError('snapshot-unknown', 'That snapshot is not there any more.')
    if (keepFor !== undefined) await this.take(session, keepFor, slot)
    const standing = JSON.parse(row.standing) as Standing
    const words = `step ${standing.reached}, as ${row.by} has kept it`
    // Heard of on the learner's page; whoever asked does not wait.
    void session.putBack({ state: nameOf(slot), standing, words })
  }
}

/** Half of one step and half of another would be kept, as a step that it is not. */
function expectAtRest(session: LabSession): void {
  if (!['starting', 'resetting'].includes(session.view().phase)) return
  throw new ClassroomError(
    'no-cluster',
    'The cluster is being brought to a step of the lab. Take the snapshot when the lab is ready.',
  )
}

const nameOf = (slot: number) => `snapshot-${slot + 1}`

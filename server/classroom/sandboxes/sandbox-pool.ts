// Sandboxes, and who has which. One is always kept ready for whoever comes next:
//
//   nobody's, warm ──claim──► a learner's ──discard, or they begin afresh──► deleted, and the next claim gets another
//        ▲ refilled later, when nobody waits
//
// A learner's that does not start is kept, whatever is the matter: it may be the host's fault, and work is in there.
//
// There are so many seats; whoever comes when all are taken waits in line. A seat is freed by leaving, or by being away for
// so long that the sandbox is put to disk:
//
//   a learner's ──sleep('pause')──► paused, keeps its seat ──sleep('stop')──► on disk, without a seat
//        ▲──────────────── claim: woken, in a seat ◄───────────────┴────────────────────┘
//
// Who is away is judged by absence.ts.
//
// The database says which cluster is whose, so a restarted classroom goes on with the same clusters. After an orderly end they
// are on disk and sleep on until their learner comes; after a crash they run, and are adopted.

import type { Clock } from '../../base/clock.ts'
import type { Logger } from '../../base/logger.ts'
import {
  type ClusterHost,
  type ClusterInfo,
  type ClusterSpec,
  type MachinesRest,
  STORE_QUOTA,
} from '../../kube/cluster/index.ts'
import { ClusterObserver } from '../../observe/index.ts'
import type { Database } from '../database/open-database.ts'
import type { KeptHomes, Shells } from '../terminals/shell.ts'
import { TerminalRoom } from '../terminals/terminal-room.ts'
import { type ClusterWatch, watchCluster } from './cluster-watch.ts'
import { Resting } from './resting.ts'
import { type Desk, type MachineKind, Sandbox } from './sandbox.ts'
import { type HearPlace, SeatLine } from './seat-line.ts'

export interface SandboxPoolOptions {
  host: ClusterHost
  database: Database
  machines: MachineKind
  /** The learner's shells in a cluster; makes or adopts the container they run in. */
  shellsFor: (info: ClusterInfo) => Promise<Shells>
  homes?: Pick<KeptHomes, 'putBackHomes'> | undefined
  clock: Clock
  logger: Logger
  random: () => number
  /** How many are kept ready. */
  warm?: number
  /** How many learners may have one at once. */
  seats: number
  /** For tests: how a cluster is watched. */
  watch?: (info: ClusterInfo) => ClusterWatch
}

const NODES = 2
/** Each byte that is stored takes more than two of the process that holds all learners' control planes. A lab needs a hundredth. */
const MOST_STORED_BYTES = 512 * 2 ** 20
/** A refill waits this long after a claim, so that it does not slow down who has just come. */
const REFILL_AFTER_MS = 8000
const REFILL_AGAIN_AFTER_MS = 60_000
const BRING_ATTEMPTS = 4
const BRING_AGAIN_AFTER_MS = 3000

export class SandboxPool implements AsyncDisposable {
  readonly #options: SandboxPoolOptions
  readonly #line: SeatLine
  readonly #claimed = new Map<string, Promise<Sandbox>>()
  readonly #warm = new Map<string, Promise<Sandbox>>()
  /** Of a former process, not here yet. */
  readonly #comingBack = new Set<Promise<Sandbox>>()
  readonly #resting: Resting
  /** Everything that is open now; what is still being made is the host's to end. */
  readonly #open = new Set<Sandbox>()
  #refill: Disposable | undefined
  #closing = false

  constructor(options: SandboxPoolOptions) {
    this.#options = options
    this.#line = new SeatLine(options.seats)
    this.#resting = new Resting(options)
  }

  /** How many there are, how many are taken, and how many people wait for one. */
  get seats(): { total: number; taken: number; waiting: number } {
    const { seats: total, taken, waiting } = this.#line
    return { total, taken, waiting }
  }

  /** Adopts what a former process left, and begins to fill up. Returns at once; the work goes on behind. */
  async start(): Promise<void> {
    const { database, machines, logger } = this.#options
    const rows = await database.sandbox.findMany({
      select: { cluster: true, learnerId: true, used: true, kind: true, asleepAt: true },
      orderBy: { createdAt: 'asc' },
    })
    for (const { cluster, learnerId, used, kind, asleepAt } of rows) {
      if (learnerId === null && (used || kind !== machines)) {
        // What could not be deleted then, with somebody's work in it; or a warm one from when machines were of the other kind.
        void this.#delete(cluster)
      } else if (kind !== machines) {
        // A learner's is kept until they come.
      } else if (learnerId !== null && asleepAt) {
        this.#resting.adopt(learnerId, cluster)
      } else if (learnerId !== null && this.#line.taken < this.#line.seats) {
        void this.#line.take(learnerId)
        this.#adopt(this.#claimed, learnerId, cluster)
      } else if (learnerId !== null) {
        // There were more seats then, or it was another host.
        this.#resting
          .layDown(learnerId, 'stop', async () => undefined)
          .catch((err) => logger.error('sandbox did not rest', { cluster, err }))
      } else this.#adopt(this.#warm, cluster, cluster)
    }
    void this.#fill()
  }

  /**
   * The learner's sandbox: the one they have, else a warm one, else a new one. `hear` is told their place while they wait in
   * line. Rejects when theirs does not start; `orAnother` is for who gives up what is in it, and gets another then.
   */
  claim(learnerId: string, hear: HearPlace = () => undefined, orAnother = false): Promise<Sandbox> {
    const existing = this.#claimed.get(learnerId)
    // What did not come back while nobody asked for it is tried anew for somebody who is here.
    if (existing && (orAnother || this.#comingBack.has(existing))) {
      return existing.catch(() => this.claim(learnerId, hear, orAnother))
    }
    const claiming = existing ?? this.#line.take(learnerId).then(() => this.#claim(learnerId, orAnother))
    this.#line.listen(learnerId, hear)
    if (existing) return existing
    this.#claimed.set(learnerId, claiming)
    claiming.catch(() => {
      if (this.#claimed.get(learnerId) === claiming) this.#claimed.delete(learnerId)
      this.#line.free(learnerId)
    })
    return claiming
  }

  /** Everybody who takes up room or waits for it, and how their sandbox is. */
  get holders(): { learnerId: string; is: 'waiting' | 'awake' | 'paused' }[] {
    const seated = this.#line.seated.map((learnerId) => {
      return { learnerId, is: this.#claimed.has(learnerId) ? ('awake' as const) : ('paused' as const) }
    })
    return [...seated, ...this.#line.inLine.map((learnerId) => ({ learnerId, is: 'waiting' as const }))]
  }

  isAsleep(learnerId: string): boolean {
    return this.#resting.depthOf(learnerId) !== undefined
  }

  /** For somebody who is away: their machines stand still, or go to disk and free the seat. The next claim wakes them. */
  async sleep(learnerId: string, machines: MachinesRest): Promise<void> {
    const before = this.#resting.depthOf(learnerId)
    if (before === machines || before === 'stop' || !this.#line.isSeated(learnerId)) return
    const claimed = this.#claimed.get(learnerId)
    this.#claimed.delete(learnerId)
    await this.#resting.layDown(learnerId, machines, async () => {
      const sandbox = await claimed?.catch(() => undefined)
      if (sandbox) this.#open.delete(sandbox)
      return sandbox
    })
    // Whoever has come back meanwhile goes on, on the seat that they have.
    if (machines === 'stop' && !this.#closing && !this.#claimed.has(learnerId)) this.#line.free(learnerId)
  }

  /** For a sandbox that is broken: takes it away; the next claim gets another, on the same seat. */
  async discard(learnerId: string): Promise<void> {
    await this.#resting.forget(learnerId)
    const sandbox = await this.#claimed.get(learnerId)?.catch(() => undefined)
    this.#claimed.delete(learnerId)
    if (sandbox) {
      this.#open.delete(sandbox)
      await this.#letGo(sandbox)
    }
    const row = await this.#rowOf(learnerId)
    if (row) await this.#delete(row.cluster)
  }

  /** Puts the learner's cluster, and what is in their home, back to what was saved. Whatever is open on it is let go of; the next claim opens it again. */
  async putBack(learnerId: string, state: string): Promise<void> {
    const sandbox = await this.claim(learnerId)
    this.#open.delete(sandbox)
    const coming = this.#putBack(sandbox, state)
    this.#claimed.set(learnerId, coming)
    coming.catch(() => {
      if (this.#claimed.get(learnerId) === coming) this.#claimed.delete(learnerId)
    })
    await coming
  }

  /** For somebody who does not come again: their seat, or their place in line, is free. */
  async release(learnerId: string): Promise<void> {
    // Whoever waits may have one on disk.
    this.leaveLine(learnerId)
    // A sandbox is taken away before its seat is given on.
    await this.discard(learnerId)
    this.#line.free(learnerId)
  }

  /** For somebody who waits no longer, but may come again: what they have on disk stays. */
  leaveLine(learnerId: string): void {
    if (this.#line.inLine.includes(learnerId)) this.#line.free(learnerId)
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#closing = true
    this.#refill?.[Symbol.dispose]()
    await this.#resting.settled()
    await Promise.all([...this.#open].map((sandbox) => this.#letGo(sandbox)))
    // Nobody else stops those that are paused: their control planes do not run.
    await Promise.all(this.#line.seated.filter((id) => this.isAsleep(id)).map((id) => this.sleep(id, 'stop')))
    await this.#resting.allAsleep()
  }

  /** A terminal that cannot be taken away goes with its cluster at the latest; it holds up nothing else. */
  async #letGo(sandbox: Sandbox): Promise<void> {
    const { cluster } = sandbox
    await sandbox[Symbol.asyncDispose]().catch((err) =>
      this.#options.logger.error('terminal was not taken away', { cluster, err }),
    )
  }

  async #putBack(sandbox: Sandbox, state: string): Promise<Sandbox> {
    const { host, homes } = this.#options
    await sandbox[Symbol.asyncDispose]()
    await host.putBackState(sandbox.cluster, state)
    // Only now: where the cluster could not be put back, the home stays as it is too.
    await homes?.putBackHomes(sandbox.cluster, state)
    return this.#bring(sandbox.cluster)
  }

  #adopt(into: Map<string, Promise<Sandbox>>, key: string, cluster: string): void {
    const { logger } = this.#options
    const adopting = this.#bring(cluster).finally(() => this.#comingBack.delete(adopting))
    this.#comingBack.add(adopting)
    into.set(key, adopting)
    adopting.catch(async (err) => {
      if (into.get(key) === adopting) into.delete(key)
      logger.warn('sandbox did not come back', { cluster, err })
      if (into === this.#warm) await this.#delete(cluster)
    })
  }

  async #claim(learnerId: string, orAnother: boolean): Promise<Sandbox> {
    const { logger, database, machines } = this.#options
    await this.#resting.settled(learnerId)
    const row = await this.#rowOf(learnerId)
    try {
      if (row?.kind === machines) return await this.#wake(learnerId, row.cluster)
      // One of simulated nodes gives way to machines; nothing is in there that its labs' steps cannot do again.
      if (row?.kind === 'real') throw new Error('it runs on worker machines, and this host has none now')
    } catch (err) {
      if (!orAnother) {
        throw new Error(`Your cluster did not start: ${(err as Error).message}. What is in it is kept`, { cause: err })
      }
      logger.warn('learner’s sandbox is broken; another takes its place', { cluster: row?.cluster, err })
    }
    await this.#resting.forget(learnerId)
    try {
      const sandbox = (await this.#takeWarm()) ?? (await this.#create())
      // Only now: where no other can be had either, it is not the cluster that is broken, and what is in there stays.
      if (row) await this.#delete(row.cluster)
      await database.sandbox.update({
        where: { cluster: sandbox.cluster },
        data: { learnerId, used: true },
        select: { cluster: true },
      })
      return sandbox
    } finally {
      this.#refillLater(REFILL_AFTER_MS)
    }
  }

  async #wake(learnerId: string, cluster: string): Promise<Sandbox> {
    const sandbox = await this.#bring(cluster, this.#resting.deskOf(learnerId))
    await this.#resting.woken(learnerId, cluster)
    return sandbox
  }

  async #takeWarm(): Promise<Sandbox | undefined> {
    for (const [cluster, warming] of this.#warm) {
      this.#warm.delete(cluster)
      const sandbox = await warming.catch(() => undefined)
      if (sandbox) return sandbox
    }
    return undefined
  }

  #refillLater(delayMs: number): void {
    if (this.#closing) return
    this.#refill?.[Symbol.dispose]()
    this.#refill = this.#options.clock.setTimeout(() => void this.#fill(), delayMs)
  }

  /** One after the other: whoever is learning has the processor first. */
  async #fill(): Promise<void> {
    const { warm = 1, logger } = this.#options
    while (!this.#closing && this.#warm.size < warm && this.#line.taken + this.#warm.size < this.#line.seats) {
      const name = this.#newName()
      const making = this.#create(name)
      this.#warm.set(name, making)
      try {
        await making
      } catch (err) {
        this.#warm.delete(name)
        if (this.#closing) return
        logger.error('no warm sandbox could be made', { cluster: name, err })
        this.#refillLater(REFILL_AGAIN_AFTER_MS)
        return
      }
    }
  }

  async #create(name = this.#newName()): Promise<Sandbox> {
    const { host, database, machines, logger, clock } = this.#options
    const [nodes, simulatedNodes] = machines === 'real' ? [NODES, 0] : [0, NODES]
    const spec: ClusterSpec = { name, nodes, simulatedNodes, extraConfig: { [STORE_QUOTA]: String(MOST_STORED_BYTES) } }
    // Written down first: whatever happens now, a restart finds it.
    await database.sandbox.create({ data: { cluster: name, kind: machines }, select: { cluster: true } })
    const began = clock.monotonic()
    try {
      const sandbox = await this.#enter(await host.createCluster(spec))
      logger.info('sandbox made', { cluster: name, kind: machines, tookMs: Math.round(clock.monotonic() - began) })
      return sandbox
    } catch (err) {
      if (!this.#closing) await this.#delete(name)
      throw err
    }
  }

  /** A learner's work is in there, so one failure is not enough: a host that was lost may still be letting go of it. */
  async #bring(cluster: string, desk?: Desk): Promise<Sandbox> {
    const { host, clock, logger } = this.#options
    for (let attempt = 1; ; attempt++) {
      try {
        return await this.#enter(await host.startCluster(cluster), desk)
      } catch (err) {
        if (attempt === BRING_ATTEMPTS || this.#closing) throw err
        logger.warn('sandbox did not come back, will be tried again', { cluster, attempt, err })
        await clock.sleep(BRING_AGAIN_AFTER_MS)
      }
    }
  }

  async #enter(info: ClusterInfo, desk?: Desk): Promise<Sandbox> {
    const { machines, shellsFor, watch = (of) => watchCluster(of.superKubeconfig, this.#options) } = this.#options
    const watching = watch(info)
    try {
      const newDesk = async () => {
        const shells = await shellsFor(info)
        return { shells, terminals: new TerminalRoom(shells) }
      }
      const [where] = await Promise.all([desk ?? newDesk(), watching.synced()])
      const observer = new ClusterObserver({ ...this.#options, info, sight: watching })
      const sandbox = new Sandbox({ ...where, kind: machines, info, watch: watching, observer })
      if (this.#closing) {
        await sandbox[Symbol.asyncDispose]()
        throw new Error('the classroom is stopping')
      }
      this.#open.add(sandbox)
      return sandbox
    } catch (err) {
      watching[Symbol.dispose]()
      throw err
    }
  }

  async #delete(cluster: string): Promise<void> {
    const { host, database, logger } = this.#options
    try {
      // It is nobody's from now on, whatever becomes of it; the next start tries again.
      await database.sandbox.updateMany({ where: { cluster }, data: { learnerId: null } })
      await host.deleteCluster(cluster)
      await database.sandbox.deleteMany({ where: { cluster } })
    } catch (err) {
      logger.error('sandbox could not be taken away', { cluster, err })
    }
  }

  #rowOf(learnerId: string) {
    return this.#options.database.sandbox.findUnique({ where: { learnerId }, select: { cluster: true, kind: true } })
  }

  #newName(): string {
    const letters = 'bcdfghjklmnpqrstvwxz2456789'
    const pick = () => letters[Math.floor(this.#options.random() * letters.length)] ?? 'x'
    return `lab-${Array.from({ length: 6 }, pick).join('')}`
  }
}

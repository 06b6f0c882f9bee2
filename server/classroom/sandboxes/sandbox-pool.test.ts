import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { FakeClock, settlePromises, systemClock } from '../../base/clock.ts'
import { type LogFields, noLogger } from '../../base/logger.ts'
import type { ClusterHost, ClusterInfo, MachinesRest } from '../../kube/cluster/index.ts'
import { type Database, openDatabase } from '../database/open-database.ts'
import { type KeptHomes, noShells } from '../terminals/shell.ts'
import type { ClusterWatch } from './cluster-watch.ts'
import { SandboxPool, type SandboxPoolOptions } from './sandbox-pool.ts'

// A host that remembers what it was asked; clusters are there at once, unless they are said to be broken.
class FakeHost implements ClusterHost {
  asked: string[] = []
  broken = new Set<string>()
  stopping = Promise.resolve()
  onStart: () => void = () => undefined
  async createCluster({ name, nodes, simulatedNodes }: { name: string; nodes: number; simulatedNodes: number }) {
    this.asked.push(`create ${nodes}+${simulatedNodes}`)
    if (this.broken.has('create')) throw new Error('no room for another cluster')
    return info(name)
  }
  async startCluster(name: string) {
    this.asked.push(`start ${name}`)
    this.onStart()
    if (this.broken.has(name)) throw new Error('its store is damaged')
    return info(name)
  }
  async stopCluster(name: string, machines: MachinesRest) {
    this.asked.push(`${machines} ${name}`)
    await this.stopping
  }
  async deleteCluster(name: string) {
    this.asked.push(`delete ${name}`)
    if (this.broken.has('delete')) throw new Error('the engine does not answer')
  }
  async listClusters() {
    return []
  }
  watchTraces(): Disposable {
    return { [Symbol.dispose]: () => undefined }
  }
  async switchMachine() {}
  async saveState() {}
  async putBackState() {
    return Promise.reject(new Error('not in this test'))
  }
  async steerLoops() {
    return []
  }
  async loopGates() {
    return []
  }
  watchGates() {
    return { [Symbol.dispose]: () => undefined }
  }
  async objectVersions() {
    return { versions: [], isWhole: true, compactRevision: 0 }
  }
  async stateAt() {
    return { revision: 1, compactRevision: 0, objects: [] }
  }
  async changeLog() {
    return { revision: 0, compactRevision: 0, changes: [] }
  }
  async [Symbol.asyncDispose]() {}
}

const info = (name: string): ClusterInfo => ({
  name,
  state: 'ready',
  message: '',
  server: '',
  kubeconfig: '',
  superKubeconfig: '',
  networkKubeconfig: '',
  network: null,
  machines: [],
  etcd: '',
  pid: 0,
})

let directory: string
let database: Database
let host: FakeHost
let clock: FakeClock

const migrations = join(import.meta.dirname, '..', '..', '..', 'prisma', 'migrations')
beforeEach(async () => {
  directory = mkdtempSync(join(tmpdir(), 'podium-pool-'))
  database = openDatabase({ path: join(directory, 'podium.db'), migrations, clock: systemClock })
  await database.person.createMany({ data: ['ada', 'bob', 'cy'].map((id) => ({ id, name: id })) })
  host = new FakeHost()
  clock = new FakeClock()
})
afterEach(async () => {
  await database[Symbol.asyncDispose]()
  rmSync(directory, { recursive: true })
})

let names = 0
type Told = Partial<
  Pick<SandboxPoolOptions, 'warm' | 'seats' | 'machines' | 'database' | 'logger' | 'shellsFor' | 'homes'>
>
const pool = (options: Told = {}) =>
  new SandboxPool({
    host,
    database: options.database ?? database,
    machines: options.machines ?? 'simulated',
    shellsFor: options.shellsFor ?? (async () => noShells('none')),
    homes: options.homes,
    clock,
    logger: options.logger ?? noLogger,
    random: () => (names++ % 27) / 27,
    warm: options.warm ?? 1,
    seats: options.seats ?? 10,
    watch: () =>
      ({
        synced: async () => undefined,
        lookAgain: () => undefined,
        [Symbol.dispose]: () => undefined,
      }) as unknown as ClusterWatch,
  })

const rows = () =>
  database.sandbox.findMany({ select: { cluster: true, learnerId: true }, orderBy: { createdAt: 'asc' } })

/** Until the database holds so many sandboxes. */
async function untilThereAre(count: number): Promise<void> {
  while ((await database.sandbox.count()) !== count) await settlePromises()
}

describe('SandboxPool', () => {
  it('gives a learner the warm one, and makes another when nobody waits any more', async () => {
    await using sandboxes = pool()
    await sandboxes.start()
    await untilThereAre(1)
    const [warm] = await rows()
    const sandbox = await sandboxes.claim('ada')
    expect(sandbox.cluster).toBe(warm?.cluster)
    expect(host.asked).toEqual(['create 0+2'])
    await clock.advance(60_000)
    await untilThereAre(2)
    expect((await rows()).map(({ learnerId }) => learnerId)).toEqual(['ada', null])
  })

  it('gives the same sandbox for as often as a learner asks, and another to another', async () => {
    await using sandboxes = pool({ warm: 0 })
    await sandboxes.start()
    const [one, again] = await Promise.all([sandboxes.claim('ada'), sandboxes.claim('ada')])
    expect(again).toBe(one)
    expect((await sandboxes.claim('bob')).cluster).not.toBe(one?.cluster)
  })

  it('goes on after a restart with the clusters that were there', async () => {
    const before = pool({ warm: 0 })
    await before.start()
    const { cluster } = await before.claim('ada')
    await before[Symbol.asyncDispose]()
    host.asked = []
    await using after = pool({ warm: 0 })
    await after.start()
    expect((await after.claim('ada')).cluster).toBe(cluster)
    expect(host.asked).toEqual([`stop ${cluster}`, `start ${cluster}`])
  })

  it('wakes nobody when it starts: each is woken when they come, as far as there are seats', async () => {
    const before = pool({ warm: 0, seats: 3 })
    const ada = await before.claim('ada')
    for (const id of ['bob', 'cy']) await before.claim(id)
    await before[Symbol.asyncDispose]()
    host.asked = []
    await using after = pool({ warm: 0, seats: 1 })
    await after.start()
    expect(host.asked.filter((each) => each.startsWith('start'))).toEqual([])
    expect([after.seats.taken, after.isAsleep('ada'), after.isAsleep('bob')]).toEqual([0, true, true])
    expect((await after.claim('ada')).cluster).toBe(ada.cluster)
    const bob = after.claim('bob')
    expect(after.seats).toEqual({ total: 1, taken: 1, waiting: 1 })
    await after.sleep('ada', 'stop')
    await bob
    expect(after.seats).toEqual({ total: 1, taken: 1, waiting: 0 })
  })

  it('goes on with those that ran when the last process was killed', async () => {
    const data = ['ada', 'bob'].map((id) => ({ cluster: `lab-${id}`, kind: 'simulated', learnerId: id }))
    await database.sandbox.createMany({ data })
    await using sandboxes = pool({ warm: 0, seats: 1 })
    await sandboxes.start()
    expect((await sandboxes.claim('ada')).cluster).toBe('lab-ada')
    // For whom there is no seat any more.
    while (!(await database.sandbox.count({ where: { asleepAt: { not: null } } }))) await settlePromises()
    expect([sandboxes.isAsleep('bob'), sandboxes.seats.taken]).toEqual([true, 1])
    expect(host.asked.sort()).toEqual(['start lab-ada', 'stop lab-bob'])
  })

  it('says that one could not be put to disk where the database does not answer, and goes on', async () => {
    await database.sandbox.create({ data: { cluster: 'lab-ada', kind: 'simulated', learnerId: 'ada' } })
    const findUnique = () => Promise.reject(new Error('database is locked'))
    const locked = { sandbox: Object.assign(Object.create(database.sandbox), { findUnique }) } as Database
    const { promise, resolve } = Promise.withResolvers<unknown>()
    const logger = { ...noLogger, error: (message: string, fields?: LogFields) => resolve([message, fields?.cluster]) }
    const sandboxes = pool({ warm: 0, seats: 0, database: locked, logger })
    await sandboxes.start()
    expect(await promise).toEqual(['sandbox did not rest', 'lab-ada'])
    await sandboxes[Symbol.asyncDispose]()
  })

  /** What a claim comes to, while the clock goes on. */
  async function outcome(claiming: Promise<{ cluster: string }>): Promise<string> {
    let said = ''
    claiming.then(
      ({ cluster }) => (said = cluster),
      (err) => (said = err.message),
    )
    while (!said) {
      await settlePromises()
      await clock.advance(3000)
    }
    return said
  }
  const KEPT = 'Your cluster did not start: its store is damaged. What is in it is kept'

  it('keeps a cluster that does not come back, until its learner wants another', async () => {
    await database.sandbox.create({ data: { cluster: 'lab-old', kind: 'simulated', learnerId: 'ada', used: true } })
    host.broken.add('lab-old')
    await using sandboxes = pool()
    await sandboxes.start()
    await untilThereAre(2)
    expect(await outcome(sandboxes.claim('ada'))).toBe(KEPT)
    expect(await outcome(sandboxes.claim('ada'))).toBe(KEPT)
    expect(host.asked.filter((each) => each === 'start lab-old')).toHaveLength(12)
    expect(host.asked).not.toContain('delete lab-old')
    const cluster = await outcome(sandboxes.claim('ada', undefined, true))
    expect(cluster).not.toBe('lab-old')
    expect(host.asked).toContain('delete lab-old')
    expect(await rows()).toContainEqual({ cluster, learnerId: 'ada' })
    expect(sandboxes.claim('ada')).toBe(sandboxes.claim('ada'))
  })

  it('keeps it too while no other can be made', async () => {
    await database.sandbox.create({ data: { cluster: 'lab-old', kind: 'simulated', learnerId: 'ada', used: true } })
    host.broken.add('lab-old').add('create')
    await using sandboxes = pool({ warm: 0 })
    expect(await outcome(sandboxes.claim('ada', undefined, true))).toBe('no room for another cluster')
    expect(await rows()).toEqual([{ cluster: 'lab-old', learnerId: 'ada' }])
    host.broken.clear()
    expect((await sandboxes.claim('ada')).cluster).toBe('lab-old')
  })

  it('keeps one that runs on machines while there are none, and takes one of simulated nodes away when there are', async () => {
    const data = ['real', 'simulated'].map((kind, at) => ({ cluster: kind, kind, learnerId: ['ada', 'bob'][at]! }))
    await database.sandbox.createMany({ data })
    {
      await using without = pool({ warm: 0 })
      await without.start()
      expect(await outcome(without.claim('ada'))).toMatch(
        /^Your cluster did not start: it runs on worker machines.* is kept$/,
      )
      expect(await outcome(without.claim('bob'))).toBe('simulated')
    }
    await using withMachines = pool({ warm: 0, machines: 'real' })
    await withMachines.start()
    expect(await outcome(withMachines.claim('ada'))).toBe('real')
    expect(await outcome(withMachines.claim('bob'))).not.toBe('simulated')
    expect(host.asked.filter((each) => each.startsWith('delete'))).toEqual(['delete simulated'])
  })

  it('gives nobody what was somebody’s: one that could not be deleted is deleted at the next start', async () => {
    let used = ''
    {
      await using sandboxes = pool({ warm: 0 })
      used = (await sandboxes.claim('ada')).cluster
      host.broken.add('delete')
      await sandboxes.release('ada')
    }
    expect(await rows()).toEqual([{ cluster: used, learnerId: null }])
    host.broken.clear()
    await using sandboxes = pool({ warm: 1 })
    await sandboxes.start()
    expect(await outcome(sandboxes.claim('bob'))).not.toBe(used)
    expect(host.asked.filter((each) => each === `delete ${used}`)).toHaveLength(2)
    expect(host.asked).not.toContain(`start ${used}`)
  })

  it('keeps a cluster that comes back at the second try', async () => {
    await database.sandbox.create({ data: { cluster: 'lab-old', kind: 'simulated', learnerId: 'ada' } })
    host.broken.add('lab-old')
    await using sandboxes = pool({ warm: 0 })
    const claiming = sandboxes.claim('ada')
    while (!host.asked.includes('start lab-old')) await settlePromises()
    host.broken.clear()
    await clock.advance(3000)
    expect((await claiming).cluster).toBe('lab-old')
  })

  it('takes a discarded one away, and the next claim gets another', async () => {
    await using sandboxes = pool({ warm: 0 })
    const { cluster } = await sandboxes.claim('ada')
    await sandboxes.discard('ada')
    expect(host.asked).toContain(`delete ${cluster}`)
    expect((await sandboxes.claim('ada')).cluster).not.toBe(cluster)
  })

  it('says why none can be had, leaves nothing behind, and tries again when asked again', async () => {
    host.broken.add('create')
    await using sandboxes = pool({ warm: 0 })
    await expect(sandboxes.claim('ada')).rejects.toThrow('no room for another cluster')
    expect(await rows()).toEqual([])
    host.broken.clear()
    expect(await sandboxes.claim('ada')).toBeDefined()
  })

  it('asks for real nodes where there are machines', async () => {
    await using sandboxes = pool({ warm: 0, machines: 'real' })
    await sandboxes.claim('ada')
    expect(host.asked).toEqual(['create 2+0'])
  })

  it('lets whoever comes when all seats are taken wait in line, and goes on when somebody leaves', async () => {
    await using sandboxes = pool({ warm: 1, seats: 1 })
    await sandboxes.start()
    await untilThereAre(1)
    const first = await sandboxes.claim('ada')
    const places: string[] = []
    const bob = sandboxes.claim('bob', (place) => places.push(`bob ${place}`))
    const cy = sandboxes.claim('cy', (place) => places.push(`cy ${place}`))
    cy.catch(() => undefined)
    expect(sandboxes.claim('bob', (place) => places.push(`bob again ${place}`))).toBe(bob)
    await clock.advance(60_000)
    expect(places).toEqual(['bob 1', 'cy 2', 'bob again 1'])
    expect([sandboxes.seats, await database.sandbox.count()]).toEqual([{ total: 1, taken: 1, waiting: 2 }, 1])

    await sandboxes.discard('ada')
    const second = await sandboxes.claim('ada')
    expect([second.cluster === first.cluster, sandboxes.seats.waiting]).toEqual([false, 2])

    await sandboxes.release('cy')
    await expect(cy).rejects.toThrow('given back')
    await sandboxes.release('ada')
    expect((await bob).cluster).not.toBe(second.cluster)
    expect(places.slice(-2)).toEqual(['bob 0', 'bob again 0'])
    expect(host.asked).toContain(`delete ${second.cluster}`)
  })

  it('pauses who is away, keeps their seat and what is open, and wakes the same cluster', async () => {
    await using sandboxes = pool({ warm: 0, seats: 1 })
    const before = await sandboxes.claim('ada')
    await sandboxes.sleep('ada', 'pause')
    expect(sandboxes.holders).toEqual([{ learnerId: 'ada', is: 'paused' }])
    expect(host.asked.slice(1)).toEqual([`pause ${before.cluster}`])
    const after = await sandboxes.claim('ada')
    expect([after.cluster, after.terminals === before.terminals]).toEqual([before.cluster, true])
    expect(after).not.toBe(before)
    expect(host.asked.slice(2)).toEqual([`start ${before.cluster}`])
    expect(sandboxes.holders).toEqual([{ learnerId: 'ada', is: 'awake' }])
  })

  it('puts who is away for long to disk: the next in line has the seat, and their work is there when they are back', async () => {
    await using sandboxes = pool({ warm: 0, seats: 1 })
    const { cluster } = await sandboxes.claim('ada')
    const bob = sandboxes.claim('bob')
    await sandboxes.sleep('ada', 'pause')
    await sandboxes.sleep('ada', 'stop')
    await bob
    expect(host.asked).toContain(`stop ${cluster}`)
    expect([sandboxes.isAsleep('ada'), sandboxes.holders]).toEqual([true, [{ learnerId: 'bob', is: 'awake' }]])
    const places: number[] = []
    const ada = sandboxes.claim('ada', (place) => places.push(place))
    await sandboxes.sleep('bob', 'stop')
    expect([(await ada).cluster, places]).toEqual([cluster, [1, 0]])
    expect(sandboxes.isAsleep('ada')).toBe(false)
  })

  it('gives whoever comes back while being put to disk their own, on the seat they had', async () => {
    await using sandboxes = pool({ warm: 0, seats: 1 })
    const { cluster } = await sandboxes.claim('ada')
    const { promise, resolve } = Promise.withResolvers<void>()
    host.stopping = promise
    const sleeping = sandboxes.sleep('ada', 'stop')
    const ada = sandboxes.claim('ada')
    const bob = sandboxes.claim('bob')
    bob.catch(() => undefined)
    resolve()
    await sleeping
    expect((await ada).cluster).toBe(cluster)
    expect(sandboxes.seats).toEqual({ total: 1, taken: 1, waiting: 1 })
    await sandboxes.release('bob')
  })

  it('leaves on disk who slept when the last process ended, and makes sure of it', async () => {
    await database.sandbox.create({
      data: { cluster: 'lab-old', kind: 'simulated', learnerId: 'ada', asleepAt: new Date(0) },
    })
    const order: string[] = []
    host.stopping = new Promise((resolve) => {
      clock.setTimeout(() => {
        order.push('stopped')
        resolve()
      }, 1000)
    })
    host.onStart = () => order.push('started')
    await using sandboxes = pool({ warm: 0, seats: 1 })
    await sandboxes.start()
    expect([host.asked, sandboxes.seats.taken]).toEqual([['stop lab-old'], 0])
    void sandboxes.claim('ada')
    await clock.advance(1000)
    expect((await sandboxes.claim('ada')).cluster).toBe('lab-old')
    // Not while it was still being put there.
    expect(order).toEqual(['stopped', 'started'])
    expect(await database.sandbox.count({ where: { asleepAt: null } })).toBe(1)
  })

  it('puts those that are paused to disk when it closes, as nobody else knows of them', async () => {
    const sandboxes = pool({ warm: 0 })
    const { cluster } = await sandboxes.claim('ada')
    await sandboxes.sleep('ada', 'pause')
    await sandboxes[Symbol.asyncDispose]()
    expect(host.asked.slice(-1)).toEqual([`stop ${cluster}`])
  })

  it('takes away the cluster of somebody who leaves while it sleeps', async () => {
    await using sandboxes = pool({ warm: 0 })
    const { cluster } = await sandboxes.claim('ada')
    await sandboxes.sleep('ada', 'stop')
    await sandboxes.release('ada')
    expect(host.asked.slice(-1)).toEqual([`delete ${cluster}`])
    expect([await rows(), sandboxes.isAsleep('ada')]).toEqual([[], false])
  })

  it('takes away the cluster on disk of somebody who is removed while waiting in line, not of who only leaves it', async () => {
    await using sandboxes = pool({ warm: 0, seats: 1 })
    const { cluster } = await sandboxes.claim('ada')
    await sandboxes.sleep('ada', 'stop')
    await sandboxes.claim('bob')
    const first = sandboxes.claim('ada')
    sandboxes.leaveLine('ada')
    await expect(first).rejects.toThrow('given back')
    expect(host.asked).not.toContain(`delete ${cluster}`)
    const again = sandboxes.claim('ada')
    again.catch(() => undefined)
    await sandboxes.release('ada')
    await expect(again).rejects.toThrow('given back')
    expect(host.asked).toContain(`delete ${cluster}`)
    expect([(await rows()).map(({ learnerId }) => learnerId), sandboxes.seats.waiting]).toEqual([['bob'], 0])
    // A seat is not lost by it, and not taken from who has it.
    sandboxes.leaveLine('bob')
    expect(sandboxes.seats).toEqual({ total: 1, taken: 1, waiting: 0 })
  })

  describe('where a terminal cannot be taken away', () => {
    const stuck = {
      shellsFor: async () => ({ ...noShells('none'), close: () => Promise.reject(new Error('device is busy')) }),
    }

    it('puts its cluster to disk all the same, and gives the seat on', async () => {
      await using sandboxes = pool({ ...stuck, warm: 0, seats: 1 })
      const { cluster } = await sandboxes.claim('ada')
      const bob = sandboxes.claim('bob')
      bob.catch(() => undefined)
      await sandboxes.sleep('ada', 'stop')
      await bob
      expect(host.asked).toContain(`stop ${cluster}`)
    })

    it('takes its cluster away all the same, and gives the seat on', async () => {
      await using sandboxes = pool({ ...stuck, warm: 0, seats: 1 })
      const { cluster } = await sandboxes.claim('ada')
      await sandboxes.release('ada')
      expect([host.asked.slice(-1), sandboxes.seats.taken]).toEqual([[`delete ${cluster}`], 0])
    })

    it('writes down at the end that everybody sleeps', async () => {
      const sandboxes = pool({ ...stuck, warm: 0 })
      await sandboxes.claim('ada')
      await sandboxes[Symbol.asyncDispose]()
      expect(await database.sandbox.count({ where: { asleepAt: null } })).toBe(0)
    })
  })

  it('leaves a home as it is where its cluster could not be put back', async () => {
    const put: string[] = []
    const homes: Pick<KeptHomes, 'putBackHomes'> = { putBackHomes: async (_, state) => void put.push(state) }
    await using sandboxes = pool({ warm: 0, homes })
    await sandboxes.claim('ada')
    await expect(sandboxes.putBack('ada', 'snapshot-1')).rejects.toThrow('not in this test')
    expect(put).toEqual([])
  })

  it('writes down that a cluster is awake also where it was not known to sleep', async () => {
    await using sandboxes = pool({ warm: 0 })
    await database.sandbox.create({
      data: { cluster: 'lab-old', kind: 'simulated', learnerId: 'ada', asleepAt: new Date(0) },
    })
    await sandboxes.claim('ada')
    expect(await database.sandbox.count({ where: { asleepAt: null } })).toBe(1)
  })

  it('frees the seat of whoever could not be given a sandbox', async () => {
    host.broken.add('create')
    await using sandboxes = pool({ warm: 0, seats: 1 })
    const ada = sandboxes.claim('ada')
    const bob = sandboxes.claim('bob')
    await expect(ada).rejects.toThrow('no room')
    await expect(bob).rejects.toThrow('no room')
    expect(sandboxes.seats).toEqual({ total: 1, taken: 0, waiting: 0 })
  })
})

// The router as a page uses it, without sockets: real labs, a real database, a real control plane with simulated nodes
// in this process. Only time to the first Pod is not real.

import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import { systemClock } from '../../base/clock.ts'
import { noLogger } from '../../base/logger.ts'
import { StatusError } from '../../kube/apimachinery/index.ts'
import { createClient, httpsTransport, parseKubeconfig } from '../../kube/client/index.ts'
import { LocalClusterHost } from '../../kube/cluster/index.ts'
import { ClusterRoleBinding, ConfigMap, Node, Pod, RoleBinding } from '../../kube/kinds/index.ts'
import { loadSchemas } from '../../kube/schemas/load-schemas.ts'
import type { PicturePush } from '../../observe/index.ts'
import { noBrowser } from '../accounts/testing/no-browser.ts'
import { type Classroom, openClassroom } from '../classroom.ts'
import { noShells } from '../terminals/shell.ts'
import type { SessionView } from './contract.ts'
import { appRouter } from './router.ts'
import { createCallerFactory } from './trpc.ts'

const root = join(import.meta.dirname, '..', '..', '..')
const caller = createCallerFactory(appRouter)

let stateDir: string
let host: LocalClusterHost
let classroom: Classroom
/** The learner's files, as far as a test without containers has them. */
const home = { holds: '', kept: new Map<string, string>(), isOpen: false, beforeRun: async () => {} }

const open = (seats?: number) =>
  openClassroom({
    root,
    stateDir,
    host,
    machines: { kind: 'simulated', reason: 'this is a test', remedy: '' },
    // What the solutions of the first steps of lab `pods` do, without kubectl.
    shellsFor: async () => {
      home.isOpen = true
      return {
        ...noShells('no terminal in a test'),
        async close() {
          home.isOpen = false
        },
        async run(script) {
          await home.beforeRun()
          if (script.includes('kubectl run hello')) await (await kubernetes()).create(hello)
          else throw new Error('this test knows step 1 only')
        },
      }
    },
    homes: {
      keepHomes: async (_, name) => void home.kept.set(name, home.holds),
      async putBackHomes(_, name) {
        expect(home.isOpen).toBe(false)
        home.holds = home.kept.get(name) ?? home.holds
      },
    },
    localName: 'Ada Lovelace',
    clock: systemClock,
    logger: noLogger,
    random: Math.random,
    warm: 0,
    seats,
  })

beforeAll(async () => {
  stateDir = mkdtempSync(join(tmpdir(), 'podium-router-'))
  host = new LocalClusterHost({
    stateDir,
    machines: () => Promise.reject(new Error('no machines in a test')),
    schemas: loadSchemas(),
    clock: systemClock,
    logger: noLogger,
    random: Math.random,
  })
  classroom = await open()
})

afterAll(async () => {
  await classroom[Symbol.asyncDispose]()
  await host[Symbol.asyncDispose]()
  rmSync(stateDir, { recursive: true })
})

const api = (signal?: AbortSignal) =>
  caller({ classroom, person: classroom.localPerson, browser: noBrowser }, signal ? { signal } : undefined)

/** The first push of a session that fits. */
async function sessionThat(sessionId: string, holds: (view: SessionView) => boolean): Promise<SessionView> {
  const stop = new AbortController()
  const stream = await api(stop.signal).session.watch({ sessionId })
  try {
    for await (const view of stream) {
      if (view.phase === 'failed') throw new Error(view.message)
      if (holds(view)) return view
    }
  } finally {
    stop.abort()
  }
  throw new Error('the stream ended')
}

const isReady = ({ phase }: SessionView) => phase === 'ready'

async function clusterClient() {
  const [info] = await host.listClusters()
  return createClient(httpsTransport({ ...parseKubeconfig(info?.kubeconfig ?? ''), userAgent: 'kubectl/test' }))
}

const kubernetes = async () => (await clusterClient()).of(Pod)

const hello = {
  metadata: { name: 'hello', namespace: 'default' },
  spec: { containers: [{ name: 'hello', image: 'nginx' }] },
}

describe('course', () => {
  it('offers the first lab to somebody new', async () => {
    const course = await api().course.overview()
    expect(course.chapters.flatMap(({ labs }) => labs).every(({ state }) => state === 'new')).toBe(true)
    expect(course.resume).toMatchObject({ labId: 'pods', started: false })
    expect(course.then).toHaveLength(2)
    expect(course.learner).toEqual({ name: 'Ada Lovelace', initials: 'AL' })
  })
})

describe('lab', () => {
  it('is not found by a name nobody gave', async () => {
    await expect(api().lab.get({ labId: 'nope' })).rejects.toMatchObject({ code: 'NOT_FOUND' })
    await expect(api().lab.start({ labId: 'nope' })).rejects.toMatchObject({ code: 'NOT_FOUND' })
  })

  it('knows what comes next', async () => {
    expect((await api().lab.get({ labId: 'pods' })).next?.labId).toBe('a-deployment-heals-itself')
    const last = classroom.labs.at(-1)?.id ?? ''
    expect((await api().lab.get({ labId: last })).next).toBeNull()
  })
})

describe('session', () => {
  let id: string

  it('starts at once, and is ready when there are nodes', async () => {
    const starting = await api().lab.start({ labId: 'pods' })
    id = starting.id
    expect(starting.phase).toBe('starting')
    const ready = await sessionThat(id, isReady)
    expect(ready.nodes.map(({ ready: isUp, simulated }) => [isUp, simulated])).toEqual([
      [true, true],
      [true, true],
    ])
    expect(ready.startedInMs).toBeGreaterThan(0)
    expect((await api().lab.start({ labId: 'pods' })).id).toBe(id)
    const client = await clusterClient()
    const bindings = [
      ...(await client.of(RoleBinding).list()).items,
      ...(await client.of(ClusterRoleBinding).list()).items,
    ]
    expect(bindings.map(({ metadata }) => metadata?.name)).toEqual(expect.arrayContaining(['developers', 'auditors']))
  })

  it('sleeps while nobody is here, also for who only looks at it, and wakes when its learner opens it again', async () => {
    const learnerId = classroom.localPerson?.id ?? ''
    for (const machines of ['pause', 'stop'] as const) {
      await classroom.sessions.sleep(learnerId, machines)
      expect(classroom.sessions.alive(id)?.view()).toMatchObject({ phase: 'asleep', nodes: [] })
      expect(await host.listClusters()).toEqual([])
      expect(await sessionThat(id, () => true)).toMatchObject({ phase: 'asleep' })
      await api().session.stir({ sessionId: id })
      expect(await sessionThat(id, () => true)).toMatchObject({ phase: 'asleep' })
      const waking = await api().lab.start({ labId: 'pods' })
      expect(waking).toMatchObject({ phase: 'starting', message: 'Waking your cluster. Everything is as you left it.' })
      expect(await sessionThat(id, isReady)).toMatchObject({ step: 1, nodes: [{ ready: true }, { ready: true }] })
    }
  })

  it('passes a step when the cluster is as wanted, and keeps it passed', async () => {
    const before = await sessionThat(id, ({ checks }) => '1.hello-ready' in checks)
    expect(before.checks['1.hello-ready']).toMatchObject({ state: 'waiting', message: 'There is no Pod `hello` yet.' })
    const pods = await kubernetes()
    const pod = await pods.create(hello)
    const passed = await sessionThat(id, ({ reached }) => reached === 2)
    expect(passed.checks['1.hello-ready']?.state).toBe('ok')
    expect(passed.step).toBe(1)
    const created = Number(pod.metadata?.resourceVersion)
    expect(passed.flags).toEqual([
      { step: 1, is: 'begun', revision: expect.toSatisfy((revision: number) => revision > 0 && revision < created) },
      { step: 1, is: 'passed', revision: expect.toSatisfy((revision: number) => revision > created) },
    ])
    await pods.delete({ namespace: 'default', name: 'hello' }, { gracePeriodSeconds: 0 })
    const still = await api().session.goTo({ sessionId: id, step: 2 })
    expect([still.reached, still.checks['1.hello-ready']?.state]).toEqual([2, 'ok'])
  })

  it('does not open a step before its time', async () => {
    await expect(api().session.goTo({ sessionId: id, step: 5 })).rejects.toMatchObject({
      code: 'PRECONDITION_FAILED',
      message: 'Step 5 opens when step 2 is done.',
    })
  })

  it('keeps the first answer to a prediction, and lets a quiz be tried again', async () => {
    const answer = (questionId: string, choice: number) => api().session.answer({ sessionId: id, questionId, choice })
    await answer('who-starts-the-container', 0)
    const { answers } = await answer('who-starts-the-container', 3)
    expect(answers['who-starts-the-container']).toMatchObject({ choice: 0, correct: false })
    expect(answers['who-starts-the-container']?.explanation).toContain('The kubelet.')
    const wrong = await answer('who-wrote-node-name', 0)
    expect(wrong.answers['who-wrote-node-name']?.explanation).not.toContain('scheduler')
    const right = await answer('who-wrote-node-name', 1)
    expect(right.answers['who-wrote-node-name']).toMatchObject({ correct: true })
    await expect(answer('who-wrote-node-name', 9)).rejects.toMatchObject({ code: 'BAD_REQUEST' })
  })

  it('gives a hint’s text only when it is opened', async () => {
    const { hints } = await api().session.openHint({ sessionId: id, hintId: '1.hint-1' })
    expect(Object.keys(hints)).toEqual(['1.hint-1'])
    expect(hints['1.hint-1']).toContain('kubectl describe pod hello')
  })

  it('belongs to its learner and to nobody else', async () => {
    const person = { id: 'somebody-else', name: 'Eve', isAdmin: true, isGuest: false }
    const stranger = caller({ classroom, person, browser: noBrowser })
    await expect(stranger.session.openHint({ sessionId: id, hintId: '1.hint-1' })).rejects.toMatchObject({
      code: 'NOT_FOUND',
    })
  })

  it('shows in the course how far it has come', async () => {
    const course = await api().course.overview()
    expect(course.resume).toMatchObject({ labId: 'pods', started: true, lead: 'Next: Find out where it went.' })
    expect(course.chapters[0]?.labs[0]).toMatchObject({ state: 'started', step: 2, hintsOpened: 1 })
  })

  it('goes on after a restart of the classroom, with the same cluster', async () => {
    const [cluster] = await host.listClusters()
    const learnerId = classroom.localPerson?.id ?? ''
    await api().news.raiseHand({ words: 'It does not start' })
    await classroom[Symbol.asyncDispose]()
    classroom = await open()
    expect(classroom.teaching.hands.of(learnerId)).toMatchObject({ words: 'It does not start', takenBy: '' })
    await api().news.lowerHand()
    const ready = await sessionThat(id, isReady)
    expect([ready.step, ready.reached, Object.keys(ready.hints)]).toEqual([2, 2, ['1.hint-1']])
    expect((await host.listClusters()).map(({ name }) => name)).toEqual([cluster?.name])
  })

  it('is put back to the start with an empty cluster, also when its loops were held', async () => {
    const pods = await kubernetes()
    await pods.create(hello)
    const held = await api().picture.steer({ sessionId: id, order: { action: 'hold', loops: 'all' } })
    expect(held.map(({ client }) => client)).toContain('kube-scheduler')
    await api().session.reset({ sessionId: id })
    const ready = await sessionThat(id, isReady)
    expect(ready).toMatchObject({ step: 1, reached: 1, answers: {} })
    expect((await pods.list({ namespace: 'default' })).items).toEqual([])
    const [cluster] = await host.listClusters()
    expect(await host.loopGates(cluster?.name ?? '')).toEqual([])
  })

  it('is put back to a snapshot, the cluster and the home as well as the lab', async () => {
    const { snapshots } = classroom.teaching
    const session = classroom.sessions.alive(id)!
    await (await kubernetes()).create({ ...hello, metadata: { ...hello.metadata, name: 'kept' } })
    const [cluster] = await host.listClusters()
    await expect(host.putBackState(cluster?.name ?? '', 'none')).rejects.toThrow('nothing was kept as "none"')
    await expect(snapshots.putBack(session, 0)).rejects.toThrow('That snapshot is not there any more.')
    home.holds = 'notes'
    await snapshots.take(session, 'Brindle')
    home.holds = 'spoilt'
    expect(await snapshots.of(session)).toMatchObject([{ slot: 0, by: 'Brindle', step: 1 }])
    await (await kubernetes()).create(hello)
    await sessionThat(id, ({ reached }) => reached === 2)
    await (await kubernetes()).delete({ namespace: 'default', name: 'kept' }, { gracePeriodSeconds: 0 })
    for (let more = 1; more < 5; more++) await snapshots.take(session, 'Brindle')
    // What there is now is kept as well, and not in the place of what is put back, though that is the oldest.
    await snapshots.putBack(session, 0, 'Ada')
    await sessionThat(id, ({ phase }) => phase === 'resetting')
    const back = await sessionThat(id, isReady)
    expect([back.step, back.reached, back.checks['1.hello-ready']?.state]).toEqual([1, 1, 'waiting'])
    const names = (await (await kubernetes()).list({ namespace: 'default' })).items.map(
      ({ metadata }) => metadata?.name,
    )
    expect([names, home.holds]).toEqual([['kept'], 'notes'])
    const [newest, ...others] = await snapshots.of(session)
    expect([newest, others.length]).toMatchObject([{ slot: 1, by: 'Ada', step: 2 }, 4])
    // What was learnt since is done again as if for the first time.
    await (await kubernetes()).create(hello)
    await sessionThat(id, ({ reached }) => reached === 2)
    await api().session.reset({ sessionId: id })
    await sessionThat(id, isReady)
  })

  it('lets a check rest while a loop is held that it waits for', async () => {
    const order = { loops: ['kube-scheduler'] }
    const saysSo = ({ checks }: SessionView) => checks['1.hello-ready']?.message.startsWith('Not judged') ?? false
    await api().picture.steer({ sessionId: id, order: { ...order, action: 'hold' } })
    const { checks } = await sessionThat(id, saysSo)
    expect(checks['1.hello-ready']?.message).toContain('the scheduler loop is held')
    await api().picture.steer({ sessionId: id, order: { ...order, action: 'release' } })
    await sessionThat(id, (view) => !saysSo(view))
  })

  it('lets nobody touch the loops or begin again while the class is paused', async () => {
    const { pauses } = classroom.teaching
    const learners = [classroom.localPerson?.id ?? '']
    pauses.begin('mint', learners, 'Brindle')
    const refused = { code: 'PRECONDITION_FAILED', message: 'Brindle has paused the class. It goes on in a moment.' }
    const order = { action: 'release', loops: 'all' } as const
    await expect(api().picture.steer({ sessionId: id, order })).rejects.toMatchObject(refused)
    await expect(api().session.reset({ sessionId: id })).rejects.toMatchObject(refused)
    pauses.end('mint')
    await expect(api().picture.steer({ sessionId: id, order })).resolves.toEqual([])
  })

  it('shows no code on its wall once it has ended: that opens nothing', async () => {
    const { classId } = await api().class.create({ name: 'Sage' })
    const { joinCode } = await api().class.replaceCode({ classId, seats: null, guests: true, validForHours: null })
    const shown = async () => (await classroom.teaching.wall(classId)).class.joinCode
    expect(await shown()).toBe(joinCode?.code)
    await api().class.setArchived({ classId, isArchived: true })
    expect(await shown()).toBeNull()
  })

  it('is paused too for whoever joins while the class is, and from when their cluster is there', async () => {
    const { teaching, joining } = classroom
    const { classId } = await api().class.create({ name: 'Mint' })
    const { joinCode } = await api().class.replaceCode({ classId, seats: null, guests: true, validForHours: null })
    await teaching.pause(classId, 'Brindle')
    const guest = await joining.joinAsGuest('Zoe', joinCode?.code ?? '', '127.0.0.1')
    expect((await teaching.news(guest.id)).paused).toMatchObject({ by: 'Brindle' })
    const session = await classroom.sessions.start(guest.id, 'pods')
    const { promise, resolve } = Promise.withResolvers<void>()
    using _ = teaching.onChange(async () => {
      const gates = session.cluster ? await host.loopGates(session.cluster) : []
      if (gates.some(({ client, held }) => client === 'kube-scheduler' && held)) resolve()
    })
    await promise
    await teaching.release(classId)
    expect([teaching.pauses.of(guest.id), await host.loopGates(session.cluster ?? '')]).toEqual([undefined, []])
    const cluster = session.cluster ?? ''
    expect(classroom.sessions.has(session, cluster)).toBe(true)
    await classroom.sessions.release(guest.id)
    expect(classroom.sessions.has(session, cluster)).toBe(false)
    expect(() => teaching.sessionOf(guest)).toThrow('Zoe has not opened a lab yet.')
  })

  it('gives way to another lab, which finds a clean cluster and its own objects', async () => {
    const pods = await kubernetes()
    await pods.create(hello)
    const other = await api().lab.start({ labId: 'a-service-finds-its-pods' })
    await sessionThat(other.id, isReady)
    const names = (await pods.list({ namespace: 'default' })).items.map(({ metadata }) => metadata?.name)
    expect(names).toContain('client')
    expect(names).not.toContain('hello')
    await expect(sessionThat(id, isReady)).rejects.toThrow('went on to “A Service finds its Pods”')
    await api().lab.start({ labId: 'pods' })
    expect(await sessionThat(id, isReady)).toMatchObject({ step: 1, reached: 1 })
  })

  it('gives way while it is still being prepared, and leaves the cluster alone', async () => {
    const other = await api().lab.start({ labId: 'a-deployment-heals-itself' })
    await sessionThat(other.id, isReady)
    const held = Promise.withResolvers<never>()
    using steer = vi.spyOn(host, 'steerLoops').mockImplementationOnce(() => held.promise)
    using deleted = vi.spyOn(host, 'deleteCluster')
    await api().lab.start({ labId: 'pods' })
    await vi.waitFor(() => expect(steer).toHaveBeenCalled())
    await api().lab.start({ labId: 'a-deployment-heals-itself' })
    held.reject(new Error('it took too long'))
    await sessionThat(other.id, isReady)
    await expect(sessionThat(id, isReady)).rejects.toThrow('went on to')
    expect(deleted).not.toHaveBeenCalled()
    await api().lab.start({ labId: 'pods' })
    expect((await sessionThat(id, isReady)).notice).toBe('')
  })

  it('gives way while the cluster wakes, and leaves what is in it alone', async () => {
    await (await kubernetes()).create({ ...hello, metadata: { ...hello.metadata, name: 'kept' } })
    await classroom.sessions.sleep(classroom.localPerson?.id ?? '', 'pause')
    const start = host.startCluster.bind(host)
    const { promise: mayWake, resolve: wake } = Promise.withResolvers<void>()
    using _ = vi.spyOn(host, 'startCluster').mockImplementationOnce(async (name) => {
      await mayWake
      return start(name)
    })
    const other = await api().lab.start({ labId: 'a-deployment-heals-itself' })
    await api().lab.start({ labId: 'pods' })
    wake()
    await sessionThat(id, isReady)
    await expect(sessionThat(other.id, isReady)).rejects.toThrow('went on to “Pods')
    const { items } = await (await kubernetes()).list({ namespace: 'default' })
    expect(items.map(({ metadata }) => metadata?.name)).toEqual(['kept'])
    await (await kubernetes()).delete({ namespace: 'default', name: 'kept' }, { gracePeriodSeconds: 0 })
  })

  it('is not taken up by an old page after a restart, when another lab has the cluster', async () => {
    const other = await api().lab.start({ labId: 'a-deployment-heals-itself' })
    await sessionThat(other.id, isReady)
    const [cluster] = await host.listClusters()
    await (await kubernetes()).create({ ...hello, metadata: { ...hello.metadata, name: 'kept' } })
    for (const order of [
      [id, other.id],
      [other.id, id],
    ]) {
      await classroom[Symbol.asyncDispose]()
      classroom = await open()
      const learnerId = classroom.localPerson?.id ?? ''
      const [one, another] = [order[0] ?? '', order[1] ?? '']
      await classroom.sessions.get(learnerId, one)
      await classroom.sessions.get(learnerId, another)
      await sessionThat(other.id, isReady)
      await expect(sessionThat(id, isReady)).rejects.toThrow('You went on to “A Deployment heals itself”.')
      expect((await host.listClusters()).map(({ name }) => name)).toEqual([cluster?.name])
      await (await kubernetes()).get({ namespace: 'default', name: 'kept' })
    }
    await api().lab.start({ labId: 'pods' })
    await sessionThat(id, isReady)
  })

  it('waits in line after a restart as before, though what rests on disk has another lab in it', async () => {
    const isQueued = ({ phase }: SessionView) => phase === 'queued'
    const restart = async (seats?: number) => {
      await classroom[Symbol.asyncDispose]()
      classroom = await open(seats)
    }
    await classroom.sessions.sleep(classroom.localPerson?.id ?? '', 'stop')
    await restart(0)
    const other = await api().lab.start({ labId: 'a-deployment-heals-itself' })
    await sessionThat(other.id, isQueued)
    // To read on in an old page is not to go back to its lab.
    await api().session.goTo({ sessionId: id, step: 1 })
    await restart(0)
    await expect(sessionThat(id, isReady)).rejects.toThrow('You went on to “A Deployment heals itself”.')
    await sessionThat(other.id, isQueued)
    await restart()
    await sessionThat(other.id, isReady)
    await api().lab.start({ labId: 'pods' })
    await sessionThat(id, isReady)
  })

  it('is taken up again where an old page starts it afresh, and the other lab gives way', async () => {
    const other = await api().lab.start({ labId: 'a-deployment-heals-itself' })
    await sessionThat(other.id, isReady)
    await expect(api().session.reset({ sessionId: id, step: 9 })).rejects.toMatchObject({ code: 'PRECONDITION_FAILED' })
    expect(classroom.sessions.alive(other.id)).toBeDefined()
    await api().session.reset({ sessionId: id })
    await sessionThat(id, isReady)
    await expect(sessionThat(other.id, isReady)).rejects.toThrow('went on to “Pods')
    const me = { id: classroom.localPerson?.id ?? '', name: 'Ada' }
    expect([classroom.sessions.alive(id), classroom.sessions.alive(other.id)]).toEqual([
      classroom.teaching.sessionOf(me),
      undefined,
    ])
  })

  it('brings a cluster that was another lab’s back to the step the learner had come to', async () => {
    const pods = await kubernetes()
    await pods.create(hello)
    await sessionThat(id, ({ reached }) => reached === 2)
    const other = await api().lab.start({ labId: 'a-deployment-heals-itself' })
    await sessionThat(other.id, isReady)
    expect((await pods.list({ namespace: 'default' })).items).toEqual([])
    await api().lab.start({ labId: 'pods' })
    expect(await sessionThat(id, isReady)).toMatchObject({
      step: 2,
      reached: 2,
      checks: { '1.hello-ready': { state: 'ok' } },
    })
    expect((await pods.get({ namespace: 'default', name: 'hello' })).spec?.nodeName).toBeTruthy()
  })

  it('is put back to the start of a step, with what comes before it done again', async () => {
    const pods = await kubernetes()
    await pods.create({ ...hello, metadata: { ...hello.metadata, name: 'spoilt' } })
    await expect(api().session.reset({ sessionId: id, step: 3 })).rejects.toMatchObject({ code: 'PRECONDITION_FAILED' })
    await api().session.reset({ sessionId: id, step: 2 })
    expect(await sessionThat(id, isReady)).toMatchObject({
      step: 2,
      reached: 2,
      checks: { '1.hello-ready': { state: 'ok' } },
    })
    const names = (await pods.list({ namespace: 'default' })).items.map(({ metadata }) => metadata?.name)
    expect(names).toEqual(['hello'])
  })

  it('keeps what was reached where loops are held on the way back, and goes on once they are not', async () => {
    const other = await api().lab.start({ labId: 'a-deployment-heals-itself' })
    await sessionThat(other.id, isReady)
    const [cluster] = await host.listClusters()
    home.beforeRun = async () => {
      await host.steerLoops(cluster?.name ?? '', { action: 'hold', loops: 'all' })
      throw new Error('nothing comes of it')
    }
    await api().lab.start({ labId: 'pods' })
    await expect(sessionThat(id, isReady)).rejects.toThrow('Loops of your cluster are held, so it could not be brought')
    home.beforeRun = async () => {}
    await api().lab.start({ labId: 'pods' })
    expect(await sessionThat(id, isReady)).toMatchObject({ step: 2, reached: 2, notice: '' })
  })

  it('begins anew where the way back cannot be gone', async () => {
    const node = (await (await kubernetes()).get({ namespace: 'default', name: 'hello' })).spec?.nodeName ?? ''
    await (await kubernetes()).patch({ namespace: 'default', name: 'hello' }, 'application/merge-patch+json', {
      metadata: { labels: { 'runs-on': node } },
    })
    await sessionThat(id, ({ reached }) => reached === 3)
    const other = await api().lab.start({ labId: 'a-deployment-heals-itself' })
    await sessionThat(other.id, isReady)
    await api().lab.start({ labId: 'pods' })
    const anew = await sessionThat(id, isReady)
    expect(anew).toMatchObject({ step: 1, reached: 1 })
    // Nobody asked for that, so it is said why, until the learner goes on.
    expect(anew.notice).toContain('Step 2 could not be done again for you, so the lab has begun anew, at step 1.')
    expect((await api().session.goTo({ sessionId: id, step: 1 })).notice).toBe('')
  })

  it('says so where not even the cluster could be emptied for the way back', async () => {
    await (await kubernetes()).create(hello)
    await sessionThat(id, ({ reached }) => reached === 2)
    const refusal = new StatusError('InternalError', 'a webhook of the learner’s fails')
    using steer = vi.spyOn(host, 'steerLoops')
    // Twice in the cluster that there is, once in the one that takes its place.
    for (let refused = 0; refused < 3; refused++) steer.mockRejectedValueOnce(refusal)
    await api().session.reset({ sessionId: id, step: 2 })
    const { step, notice } = await sessionThat(id, isReady)
    expect(step).toBe(1)
    expect(notice).toContain('Your cluster could not be emptied to bring it back to step 2, so the lab has begun anew')
    expect(steer).toHaveBeenCalledTimes(4)
    await api().session.goTo({ sessionId: id, step: 1 })
  })

  it('waits for a cluster host that was lost while the lab is put back, and throws nothing away', async () => {
    using steer = vi.spyOn(host, 'steerLoops')
    using deleted = vi.spyOn(host, 'deleteCluster')
    for (let refused = 0; refused < 2; refused++) steer.mockRejectedValueOnce(new Error('the cluster host ended'))
    await api().session.reset({ sessionId: id })
    await sessionThat(id, isReady)
    expect([steer.mock.calls.length, deleted.mock.calls.length]).toEqual([3, 0])
  })

  it('throws nothing away that was laid to sleep, and woken, while it was put back', async () => {
    const held = Promise.withResolvers<never>()
    using steer = vi.spyOn(host, 'steerLoops').mockImplementationOnce(() => held.promise)
    using deleted = vi.spyOn(host, 'deleteCluster')
    await api().session.reset({ sessionId: id })
    await vi.waitFor(() => expect(steer).toHaveBeenCalled(), 10_000)
    await classroom.sessions.sleep(classroom.localPerson?.id ?? '', 'pause')
    await api().lab.start({ labId: 'pods' })
    held.reject(new Error('it took too long'))
    await sessionThat(id, isReady)
    expect(deleted).not.toHaveBeenCalled()
  })

  it('is put back once, however often that is asked for', async () => {
    using steer = vi.spyOn(host, 'steerLoops')
    const session = classroom.sessions.alive(id)!
    await Promise.all([session.reset(), session.reset(), session.reset()])
    expect([session.view().phase, steer.mock.calls.length]).toEqual(['ready', 1])
  })

  it('goes on without a node that does not become ready', async () => {
    const nodes = (await clusterClient()).of(Node)
    await nodes.create({ metadata: { name: 'without-kubelet' } })
    const timeout = AbortSignal.timeout.bind(AbortSignal)
    using _ = vi.spyOn(AbortSignal, 'timeout').mockImplementation((ms) => timeout(ms === 120_000 ? 100 : ms))
    const other = await api().lab.start({ labId: 'a-deployment-heals-itself' })
    expect((await sessionThat(other.id, isReady)).nodes).toContainEqual(expect.objectContaining({ ready: false }))
    await nodes.delete({ name: 'without-kubelet' })
    await api().lab.start({ labId: 'pods' })
    await sessionThat(id, isReady)
  })

  it('judges what is typed against the cluster, and lets it be mended', async () => {
    const { id: lab } = await api().lab.start({ labId: 'one-object-one-revision' })
    await sessionThat(lab, isReady)
    const type = (text: string, answerId = 'first-revision') =>
      api().session.typeAnswer({ sessionId: lab, answerId, text })
    expect((await type('7')).checks['1.first-revision']).toMatchObject({ state: 'waiting' })
    const [info] = await host.listClusters()
    const { of } = createClient(
      httpsTransport({ ...parseKubeconfig(info?.kubeconfig ?? ''), userAgent: 'kubectl/test' }),
    )
    const note = await of(ConfigMap).create({
      metadata: { name: 'note', namespace: 'default' },
      data: { text: 'hello' },
    })
    const wrong = await sessionThat(lab, ({ checks }) => checks['1.first-revision']?.state === 'failed')
    expect(wrong.checks['1.first-revision']?.message).toContain('is not at revision `7`')
    const right = await type(note.metadata?.resourceVersion ?? '')
    expect([right.reached, right.typed['first-revision']]).toEqual([2, note.metadata?.resourceVersion])
    expect((await type('8')).typed['first-revision']).toBe(note.metadata?.resourceVersion)
    await expect(type('1', 'nobody-asked')).rejects.toMatchObject({ code: 'BAD_REQUEST' })
  })
})

describe('picture', () => {
  it('shows everything first, and then every event without a gap', async () => {
    const { id } = await api().lab.start({ labId: 'pods' })
    await sessionThat(id, isReady)
    const stop = new AbortController()
    const stream = await api(stop.signal).picture.watch({ sessionId: id })
    const pods = await kubernetes()
    const pushes: PicturePush[] = []
    let [runs, told] = [false, false]
    for await (const push of stream) {
      pushes.push(push)
      if (pushes.length === 1) await pods.create({ ...hello, metadata: { name: 'seen', namespace: 'default' } })
      // What runs and what happened come by two ways; the test ends when both have told of the Pod.
      runs ||= push.pods?.some(({ name, status }) => name === 'seen' && status === 'Running') ?? false
      told ||= push.events.some(
        (event) => event.type === 'append' && event.name === 'seen' && event.client.startsWith('kubectl'),
      )
      if (runs && told) stop.abort()
    }
    expect(pushes[0]?.nodes).toHaveLength(2)
    let seq = pushes.find((push) => push.events.length > 0)
    for (const push of pushes.slice(pushes.indexOf(seq ?? push0(pushes)) + 1)) {
      if (push.events.length > 0) expect(push.seq - push.events.length).toBe(seq?.seq)
      if (push.events.length > 0) seq = push
    }
    expect(pushes.flatMap((push) => push.loops ?? [])).toContain('kube-controller-manager/replicaset-controller')
  })

  it('answers who may do what, of the roles and bindings of the cluster', async () => {
    const { id: sessionId } = await api().lab.start({ labId: 'pods' })
    await sessionThat(sessionId, isReady)
    const wish = { verb: 'get', resource: 'po', subresource: '', namespace: 'default', name: '', path: '' }
    const stop = new AbortController()
    const who = { name: 'system:kube-scheduler', groups: ['system:authenticated'] }
    for await (const push of await api(stop.signal).picture.access({ sessionId, question: { who, wish } })) {
      expect(push.wish).toMatchObject({ group: '', resource: 'pods' })
      expect(push.verdict?.by).toMatchObject({ role: { name: 'system:kube-scheduler' } })
      expect(push.holders.map(({ subject }) => subject.name)).toContain('system:kube-scheduler')
      stop.abort()
    }
    expect(stop.signal.aborted).toBe(true)
  })
})

describe('the workspace', () => {
  it('tells every browser of a tab that one has opened, and of a machine that is none', async () => {
    const { id: sessionId } = await api().lab.start({ labId: 'pods' })
    const { terminals } = await sessionThat(sessionId, isReady)
    expect(terminals).toEqual([{ name: '1', title: 'shell', isMachine: false }])
    const seen = sessionThat(sessionId, (view) => view.terminals.length === 3)
    const { tab } = await api().terminal.open({ sessionId })
    await api().terminal.open({ sessionId, machine: 'node-1' })
    expect((await seen).terminals.map(({ title }) => title)).toEqual(['shell', 'shell 2', 'node-1'])
    await api().terminal.close({ sessionId, tab, force: false })
    await api().terminal.close({ sessionId, tab: 'node-1', force: false })
    await sessionThat(sessionId, (view) => view.terminals.length === 1)
  })

  it('hands out the cluster’s own schemas and a kubeconfig that works', async () => {
    const { id: sessionId } = await api().lab.start({ labId: 'pods' })
    await sessionThat(sessionId, isReady)
    const index = await api().cluster.openApiIndex({ sessionId })
    expect(index['apis/apps/v1']).toMatch(/^\/openapi\/v3\/apis\/apps\/v1\?hash=/)
    const schemas = await api().cluster.openApi({ sessionId, groupVersion: 'apis/apps/v1' })
    expect(schemas).toHaveProperty(['io.k8s.api.apps.v1.Deployment', 'properties', 'spec'])
    const { text, server } = await api().cluster.kubeconfig({ sessionId })
    expect(parseKubeconfig(text).server).toBe(server)
    expect(new URL(server).hostname).toBe('127.0.0.1')
  })

  it('says plainly that there are no files without a terminal', async () => {
    const { id: sessionId } = await api().lab.start({ labId: 'pods' })
    await sessionThat(sessionId, isReady)
    await expect(api().files.list({ sessionId })).rejects.toMatchObject({
      code: 'PRECONDITION_FAILED',
      message: 'Files are kept in your terminal, and there is none here.',
    })
  })
})

const push0 = (pushes: PicturePush[]): PicturePush => {
  const [first] = pushes
  if (!first) throw new Error('nothing was pushed')
  return first
}

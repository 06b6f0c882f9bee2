// A whole control plane in one process, on a clock that only the simulation moves: the API server, all loops and the
// scheduler as they are shipped, two candidates of each, over a disk in memory and a network that fails as the seed says.
// The same seed does the same again, to the last name.

import crypto from 'node:crypto'
import { syncBuiltinESMExports } from 'node:module'
import { FakeClock } from '../../../base/clock.ts'
import { noLogger } from '../../../base/logger.ts'
import { createClient } from '../../client/client.ts'
import type { ControllerDefinition } from '../../client/controller-builder.ts'
import { SharedInformer } from '../../client/shared-informer.ts'
import { buildControllers } from '../../controllers/index.ts'
import type { AnyKind } from '../../kinds/define-kind.ts'
import {
  ControllerRevision,
  CronJob,
  DaemonSet,
  Deployment,
  EndpointSlice,
  HorizontalPodAutoscaler,
  Job,
  PersistentVolume,
  PersistentVolumeClaim,
  Pod,
  PodDisruptionBudget,
  ReplicaSet,
  ResourceClaim,
  Service,
  ServiceAccount,
  StatefulSet,
} from '../../kinds/index.ts'
import type { PowerLossDiskOptions } from '../../store/testing/power-loss-disk.ts'
import { type Dice, diceOf } from '../../store/testing/seeded-random.ts'
import { Attacher } from './attacher.ts'
import { ControlPlane } from './control-plane.ts'
import { Watchman } from './invariants.ts'
import { Load } from './load.ts'
import { Machines } from './machines.ts'
import { Network } from './network.ts'
import { People } from './people.ts'
import { Candidate, controllerManager, type Flaws, scheduler, type Work } from './processes.ts'
import { unsettled } from './settled.ts'

/** Of those that the workload has; so the collector need not watch all there are. */
const KINDS: readonly AnyKind[] = [
  ControllerRevision,
  CronJob,
  DaemonSet,
  Deployment,
  EndpointSlice,
  HorizontalPodAutoscaler,
  Job,
  PersistentVolume,
  PersistentVolumeClaim,
  Pod,
  PodDisruptionBudget,
  ReplicaSet,
  ResourceClaim,
  Service,
  ServiceAccount,
  StatefulSet,
]
/** So that a new minute, and a run of CronJobs, comes while it storms. */
const BEGIN = Date.UTC(2026, 0, 1, 0, 0, 40)
const MACHINE_CPU = 1.3
const MACHINES = 3
const STORM_STEPS = 40
const STEP_MS = 2_000
const PATIENCE_MS = 8 * 60_000

export interface Outcome {
  problems: string[]
  /** The same for the same seed, to the last line. */
  story: readonly string[]
}

/** What a planted bug changes. */
export interface Sabotage extends Flaws {
  disk?: PowerLossDiskOptions
  definitions?(definitions: ControllerDefinition[]): ControllerDefinition[]
}

export async function simulate(seed: number, sabotage: Sabotage = {}): Promise<Outcome> {
  const dice = diceOf(seed)
  using _chance = seededChance(dice)
  const clock = new FakeClock(BEGIN)
  const network = new Network(clock, dice, { isBad: false, losesAnswers: dice.chance(0.5) })
  await using stack = new AsyncDisposableStack()
  const stop = new AbortController()
  const controlPlane = stack.use(new ControlPlane(network, sabotage.disk))
  await controlPlane.start()

  const definitions = () => {
    const built = buildControllers({
      kinds: KINDS,
      clusterCidr: '10.244.0.0/16',
      rootCaPem: 'PEM',
      nodeMonitorGracePeriodMs: 10_000,
    })
    return sabotage.definitions?.(built) ?? built
  }
  const works: [string, Work][] = [
    ['kube-controller-manager', controllerManager(definitions)],
    ['kube-scheduler', scheduler],
  ]
  const candidates = works.flatMap(([component, work]) =>
    ['a', 'b'].map((one) => new Candidate({ network, component, name: `${component}-${one}`, work, flaws: sabotage })),
  )
  const client = createClient(network.trusted('watchman'))
  const watched = { client, clock, random: dice.random, logger: noLogger }
  const pods = new SharedInformer({ ...watched, kind: Pod })
  const claims = new SharedInformer({ ...watched, kind: ResourceClaim })
  const countsPods = !network.weather.losesAnswers
  const watchman = new Watchman(pods, { candidates, countsPods, machineCpu: MACHINE_CPU })
  watchman.watchDevices(claims)
  void pods.start(stop.signal)
  void claims.start(stop.signal)
  const load = new Load(clock, () => pods.cache.list())
  network.measure = () => load.measure()
  const machines = new Machines(network, stop.signal)
  const names = Array.from({ length: MACHINES }, (_, index) => `m${index + 1}`)
  const attacher = new Attacher(network, machines.mounts, stop.signal)
  for (const name of names) await machines.add(name, String(MACHINE_CPU))
  for (const candidate of candidates) candidate.start()
  const onTime = (work: PromiseLike<unknown>) => keepTime(clock, work)
  stack.defer(async () => {
    stop.abort()
    await onTime(Promise.all(candidates.map((candidate) => candidate.end())))
  })

  const people = new People(network, load)
  await onTime(people.create())
  network.weather.isBad = true
  for (let step = 0; step < STORM_STEPS; step++) {
    if (step === STORM_STEPS / 2) await onTime(people.leave())
    if (dice.chance(0.45)) await onTime(people.act())
    if (dice.chance(0.15)) await onTime(misfortune(candidates, dice))
    if (dice.chance(0.04)) {
      // What was done though nobody heard so is done twice by some; those who count must not meet that.
      await (network.weather.losesAnswers ? controlPlane.losePower(clock) : controlPlane.stop())
      await clock.advance(dice.below(5_000))
      await controlPlane.start()
      // Before anybody has come back: they all have to begin anew.
      if (dice.chance(0.5)) await controlPlane.forgetHistory()
    }
    if (dice.chance(0.05)) await controlPlane.forgetHistory()
    if (dice.chance(0.06)) machines.die(dice.pick(names))
    if (dice.chance(0.05)) machines.revive(dice.pick(names))
    await clock.advance(dice.below(STEP_MS))
    watchman.look()
    watchman.judgeEvictions(people, machines)
  }
  network.weather.isBad = false
  for (const name of names) machines.revive(name)
  await onTime(people.rest())
  for (const candidate of candidates) {
    candidate.isPartitioned = false
    if (!candidate.isAlive) candidate.start()
  }
  const left = await settle(clock, () => unsettled(client, load))
  const judges = [network, controlPlane, watchman, machines.mounts, attacher]
  return { problems: [...judges.flatMap(({ problems }) => [...problems]), ...left], story: network.chronicle.lines }
}

/** A process dies, comes back, is stopped in order, or is cut off from the others for a while. */
async function misfortune(candidates: readonly Candidate[], dice: Dice): Promise<void> {
  const candidate = dice.pick(candidates)
  if (!candidate.isAlive) candidate.start()
  else if (dice.chance(0.5)) candidate.isPartitioned = dice.chance(0.7)
  else await candidate.end({ gently: dice.chance(0.3) })
}

/** Time goes on until the work is done. */
async function keepTime(clock: FakeClock, work: PromiseLike<unknown>): Promise<void> {
  let isDone = false
  const done = Promise.resolve(work).finally(() => {
    isDone = true
  })
  done.catch(() => undefined)
  while (!isDone) await clock.advance(50)
  await done
}

async function settle(clock: FakeClock, look: () => Promise<string[]>): Promise<string[]> {
  let problems: string[] = []
  for (let waited = 0; waited < PATIENCE_MS; waited += 10_000) {
    await clock.advance(10_000)
    problems = await look()
    if (problems.length === 0) return problems
  }
  return problems
}

/** What is drawn at random anywhere comes from the seed as well: names, uids, jitter. Put back when disposed. */
function seededChance(dice: Dice): Disposable {
  const { random } = Math
  const { randomInt, randomUUID } = crypto
  const hex = (digits: number) => Array.from({ length: digits }, () => dice.below(16).toString(16)).join('')
  const between = (low: number, high?: number) => (high === undefined ? dice.below(low) : low + dice.below(high - low))
  Object.assign(crypto, {
    randomInt: between,
    randomUUID: () => `${hex(8)}-${hex(4)}-4${hex(3)}-8${hex(3)}-${hex(12)}`,
  })
  syncBuiltinESMExports()
  Math.random = dice.random
  return {
    [Symbol.dispose]() {
      Math.random = random
      Object.assign(crypto, { randomInt, randomUUID })
      syncBuiltinESMExports()
    },
  }
}

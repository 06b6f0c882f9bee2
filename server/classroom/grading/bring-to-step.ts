// Brings a learner's cluster to where their lab stands: emptied, with the lab's first objects in it, and what comes before
// the step done again by the lab's own solutions. Where that cannot be, the lab begins anew; where it cannot be emptied,
// another takes its place.

import type { Clock } from '../../base/clock.ts'
import type { Logger } from '../../base/logger.ts'
import { StatusError } from '../../kube/apimachinery/index.ts'
import type { Lab } from '../labs/lab.ts'
import { applyObjects, clearCluster } from '../sandboxes/lab-objects.ts'
import type { Sandbox } from '../sandboxes/sandbox.ts'
import { doAgain } from './do-again.ts'
import type { Progress, ProgressStore } from './progress.ts'
import type { StepJudge } from './step-judge.ts'

export interface BringToStepOptions {
  lab: Lab
  progress: Progress
  store: ProgressStore
  judge: StepJudge
  /** Undefined once the learner has had to let go of it. */
  sandbox: () => Sandbox | undefined
  /** Takes it away; resolves to another. */
  replace: () => Promise<Sandbox>
  /** What is being done, for the learner. */
  say: (message: string) => void
  /** What they have to know after it. */
  notice: (words: string) => void
  clock: Clock
  logger: Logger
}

const DONE_BEFORE =
  'This lab was done, and stays so in the course. Your cluster has been another lab’s since, or is a new one, so the lab begins anew.'
/** The second time, when it did not do. */
const CLEAR_WITHIN_MS = [30_000, 90_000] as const
const CLEAR_AGAIN_AFTER_MS = 1000

export class BringToStep {
  readonly #options: BringToStepOptions

  constructor(options: BringToStepOptions) {
    this.#options = options
  }

  /**
   * The cluster has been another lab's. Does again what the learner had done, so that they go on where they were; where
   * there is nothing to do again, the lab begins anew.
   */
  async bringBack(): Promise<void> {
    const { lab, progress, notice } = this.#options
    const isDone = progress.passed.has(lab.steps.length)
    if (progress.reached > 1 && !isDone) return this.bringTo(progress.reached)
    if (isDone) notice(DONE_BEFORE)
    await this.startOver()
  }

  async bringTo(to: number): Promise<void> {
    const { lab, progress, judge, logger, store, clock, say, notice } = this.#options
    const isBefore = (step: number) => step < to
    let doing = 0
    try {
      await this.#prepare()
      for (const step of lab.steps.slice(0, to - 1)) {
        say(`Bringing your cluster back to step ${to}: doing step ${step.number} again.`)
        doing = step.number
        await doAgain(step, this.#mySandbox(), judge)
      }
      const passed = [...progress.passed].filter(isBefore)
      await store.goBack(
        progress,
        { step: to, reached: to, entered: to - 1, before: { pods: [] }, passed },
        clock.now(),
      )
      const later = lab.steps.slice(to - 1).flatMap(({ answers }) => answers)
      await store.forgetTyped(
        progress,
        later.map(({ id }) => id),
      )
      await this.#isIn()
    } catch (err) {
      const sandbox = this.#options.sandbox()
      if (!sandbox) throw err
      // The class is paused perhaps. Once the loops go on it can be done; what was reached is not lost for that.
      if (sandbox.observer.held.length > 0) {
        throw new Error(`Loops of your cluster are held, so it could not be brought back to step ${to}`, { cause: err })
      }
      logger.warn('lab could not be brought back to its step', { lab: lab.id, step: to, err })
      const why =
        doing > 0
          ? `Step ${doing} could not be done again for you`
          : `Your cluster could not be emptied to bring it back to step ${to}`
      notice(`${why}, so the lab has begun anew, at step 1. Your grade keeps what you had reached.`)
      await this.startOver()
    }
  }

  async startOver(): Promise<void> {
    const { store, clock, progress } = this.#options
    await this.#prepare()
    await store.startOver(progress, clock.now())
    await this.#isIn()
  }

  /** Only now: a process that ends half way finds the cluster to be nobody's lab. */
  async #isIn(): Promise<void> {
    await this.#options.store.putLabIn(this.#mySandbox().cluster, this.#options.lab.id)
  }

  /** Empties the cluster and puts the lab's first objects in; a cluster that cannot be emptied is replaced. */
  async #prepare(): Promise<void> {
    const { progress, judge, logger, replace } = this.#options
    judge.forget()
    progress.flags = []
    const sandbox = this.#mySandbox()
    for (const withinMs of CLEAR_WITHIN_MS) {
      try {
        return await this.#fillWithin(sandbox, withinMs)
      } catch (err) {
        // It was let go of, and may sleep, or be another lab's.
        if (this.#options.sandbox() !== sandbox) throw err
        logger.warn('sandbox could not be emptied', { cluster: sandbox.cluster, withinMs, err })
      }
    }
    await this.#fill(await replace(), AbortSignal.timeout(CLEAR_WITHIN_MS[0]))
  }

  /** A host that is being started again refuses at once, all the while: nothing is the matter with the cluster. */
  async #fillWithin(sandbox: Sandbox, withinMs: number): Promise<void> {
    const { clock, logger } = this.#options
    const signal = AbortSignal.timeout(withinMs)
    for (;;) {
      try {
        return await this.#fill(sandbox, signal)
      } catch (err) {
        if (this.#options.sandbox() !== sandbox || signal.aborted || isAnswer(err)) throw err
        logger.warn('sandbox could not be emptied, will be tried again', { cluster: sandbox.cluster, err })
        await clock.sleep(CLEAR_AGAIN_AFTER_MS, signal)
      }
    }
  }

  async #fill({ watch, cluster, observer }: Sandbox, signal: AbortSignal): Promise<void> {
    await this.#options.store.putLabIn(cluster, '')
    // A held loop would clear nothing away.
    await observer.steer({ action: 'release', loops: 'all' })
    await clearCluster(watch, signal)
    await applyObjects(watch, this.#options.lab.start, signal)
  }

  #mySandbox(): Sandbox {
    const sandbox = this.#options.sandbox()
    if (!sandbox) throw new Error('there is no cluster yet')
    return sandbox
  }
}

/** Of the cluster's own API server, which will say the same again; not of one that is only just coming. */
const isAnswer = (err: unknown): boolean => err instanceof StatusError && err.reason !== 'ServiceUnavailable'

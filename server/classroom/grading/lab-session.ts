// One learner in one lab: brings the cluster to where the lab stands, runs the checks of the current step whenever the
// cluster changes, and tells whoever watches. What it knows is in `progress`, which is in the database; a session that
// is made again from there goes on where the last one was.
//
//   queued ──► starting ──► ready ◄──► resetting        any of them ──► failed (with what to do)
//                 ▲───── asleep ◄──┘                     nobody was here for long: begins again when somebody is

import type { Clock } from '../../base/clock.ts'
import type { Logger } from '../../base/logger.ts'
import type { SessionView } from '../api/contract.ts'
import { ClassroomError } from '../classroom-error.ts'
import type { Lab, Step } from '../labs/lab.ts'
import type { Sandbox } from '../sandboxes/sandbox.ts'
import type { TerminalRoom } from '../terminals/terminal-room.ts'
import { BringToStep } from './bring-to-step.ts'
import { type Progress, type ProgressStore, type Standing, standingOf } from './progress.ts'
import { follow, nodesReady, prompt } from './sandbox-ready.ts'
import { hintOf, questionOf, sessionView } from './session-view.ts'
import { StepJudge } from './step-judge.ts'

export interface LabSessionOptions {
  lab: Lab
  progress: Progress
  store: ProgressStore
  /**
   * Tells the place in line, from 1, while every seat is taken; 0 when it is our turn. Rejects when the learner's sandbox does
   * not start, unless another is wanted then.
   */
  claim: (hear: (place: number) => void, orAnother?: boolean) => Promise<Sandbox>
  /** Takes the learner's sandbox away, so that the next claim gets another. */
  discard: () => Promise<void>
  /** Puts the learner's cluster back to what was saved; the next claim opens it again. */
  putBack: (state: string) => Promise<void>
  /** Whether the learner's cluster rests, and has to be woken when it is claimed. */
  clusterSleeps: () => boolean
  /** Only one session of a learner works on their cluster at a time. */
  exclusive: (work: () => Promise<void>) => Promise<void>
  version: string
  clock: Clock
  logger: Logger
}

const GETTING_READY = 'Getting your cluster ready.'
/** Nobody need have been away: it sleeps too when the classroom has been started anew. */
const WAKING = 'Waking your cluster. Everything is as you left it.'
const ASLEEP = 'Your cluster sleeps: nothing was done here for a while. Everything is as you left it.'

export class LabSession {
  readonly lab: Lab
  readonly #options: LabSessionOptions
  readonly #progress: Progress
  readonly #judge: StepJudge
  readonly #bring: BringToStep
  readonly #listeners = new Set<() => void>()
  #phase: SessionView['phase'] = 'starting'
  #message = ''
  #notice = ''
  #sandbox: Sandbox | undefined
  #watching: Disposable | undefined
  #tabsWatched: Disposable | undefined
  #startedInMs: number | null = null
  #suspended = ''
  /** Which one this is of those between which it had to let go of the cluster. */
  #turn = 0
  #resets = 0
  #writes: Promise<void> = Promise.resolve()

  constructor(options: LabSessionOptions) {
    this.#options = options
    this.lab = options.lab
    this.#progress = options.progress
    this.#judge = new StepJudge({
      ...options,
      sandbox: () => this.#sandbox,
      write: (write) => this.#write(write),
      save: () => this.#save(),
      tell: () => this.#tell(),
    })
    this.#bring = new BringToStep({
      ...options,
      judge: this.#judge,
      sandbox: () => this.#sandbox,
      replace: () => this.#replace(),
      say: (message) => this.#say(this.#phase, message),
      notice: (words) => {
        this.#notice = words
      },
    })
  }

  get id(): string {
    return this.#progress.runId
  }

  get learnerId(): string {
    return this.#progress.learnerId
  }

  /** Resolves when the session has its cluster: a browser often asks for what is in it before. */
  async whenSandbox(signal: AbortSignal): Promise<Sandbox | undefined> {
    if (this.#sandbox || signal.aborted) return this.#sandbox
    const { promise, resolve } = Promise.withResolvers<void>()
    const done = () => resolve()
    using _ = this.onChange(() => {
      if (this.#sandbox) resolve()
    })
    signal.addEventListener('abort', done, { once: true })
    await promise
    signal.removeEventListener('abort', done)
    return this.#sandbox
  }

  /** The learner's terminal and cluster, once there is one. */
  get room(): TerminalRoom | undefined {
    return this.#sandbox?.terminals
  }

  get cluster(): string | undefined {
    return this.#sandbox?.cluster
  }

  async terminals(signal: AbortSignal): Promise<TerminalRoom | undefined> {
    return (await this.whenSandbox(signal))?.terminals
  }

  /** Goes on where the learner was; returns at once. Does nothing while it already runs. */
  begin(): void {
    if (
      this.#watching ||
      ['resetting', 'queued'].includes(this.#phase) ||
      (this.#phase === 'starting' && this.#message)
    ) {
      return
    }
    this.#suspended = ''
    this.#save()
    this.#say('starting', this.#beginning())
    // In line at once, even while another lab still waits for the same cluster; what comes of it is seen when it is used.
    this.#options.claim(this.#inLine).catch(() => undefined)
    void this.#enqueue(() => this.#start())
  }

  /** The learner has gone on to another lab, which has the cluster now. */
  suspend(reason: string): void {
    this.#suspended = reason
    this.#letGo()
    this.#say('failed', reason)
  }

  get isAsleep(): boolean {
    return this.#phase === 'asleep'
  }

  /** Nobody is here: lets go of the cluster, or of the place in line. Begins again as if it were new. */
  sleep(): void {
    this.#suspended = ASLEEP
    this.#letGo()
    this.#say('asleep', ASLEEP)
  }

  goTo(step: number): void {
    this.#expectReached(step)
    this.#notice = ''
    this.#progress.step = step
    this.#save()
    this.#tell()
    if (this.#phase === 'ready') void this.#enqueue(() => this.#judge.enter())
  }

  #expectReached(step: number): void {
    if (step >= 1 && step <= this.#progress.reached) return
    throw new ClassroomError('step-not-reached', `Step ${step} opens when step ${this.#progress.reached} is done.`)
  }

  answer(questionId: string, choice: number): void {
    const question = questionOf(this.lab, questionId)
    if (!question || choice < 0 || choice >= question.options.length) {
      throw new ClassroomError('question-unknown', `This lab has no question "${questionId}" with an answer ${choice}.`)
    }
    const given = this.#progress.answers.get(questionId)
    // What was predicted before stays predicted; a quiz may be tried until it is right.
    if (given && (question.kind === 'predict' || given.correct)) return
    const answer = { choice, correct: choice === question.answer }
    this.#progress.answers.set(questionId, answer)
    this.#write(() => this.#options.store.answer(this.id, questionId, answer))
    this.#tell()
  }

  /** Into an answer block; it is judged like the cluster, by the check of that id, and may be changed until it is right. */
  typeAnswer(answerId: string, text: string): void {
    const step = this.lab.steps.find(({ answers }) => answers.some(({ id }) => id === answerId))
    if (!step) throw new ClassroomError('question-unknown', `This lab has no answer "${answerId}".`)
    const { typed, passed } = this.#progress
    if (passed.has(step.number)) return
    typed.set(answerId, text.trim())
    this.#write(() => this.#options.store.typeAnswer(this.id, answerId, text.trim()))
    this.#judge.typed(`${step.number}.${answerId}`)
  }

  openHint(hintId: string): void {
    if (hintOf(this.lab, hintId) === undefined)
      throw new ClassroomError('hint-unknown', `This lab has no hint "${hintId}".`)
    this.#progress.hints.add(hintId)
    this.#write(() => this.#options.store.openHint(this.id, hintId))
    this.#tell()
  }

  /** The lab at the start of a step: the cluster emptied, and what comes before that step done again. */
  reset(step = 1): Promise<void> {
    this.#expectReached(step)
    this.#suspended = ''
    this.#notice = ''
    this.#save()
    const words = `Putting your cluster back to the start of ${step === 1 ? 'this lab' : `step ${step}`}.`
    this.#say('resetting', words)
    const mine = ++this.#resets
    return this.#enqueue(async () => {
      // Asked for again while it waited: once will do.
      if (mine !== this.#resets) return
      this.#say('resetting', words)
      this.#stopWatching()
      await this.#claim(true)
      if (step === 1) await this.#bring.startOver()
      else await this.#bring.bringTo(step)
      await this.#goOn()
    })
  }

  get standing(): Standing {
    return standingOf(this.#progress)
  }

  /** The cluster as it was saved, and the lab where it stood then. `words` say when that was. */
  putBack(to: { state: string; standing: Standing; words: string }): Promise<void> {
    const { store, putBack, clock } = this.#options
    this.#suspended = ''
    this.#notice = ''
    this.#say('resetting', `Putting your cluster back to ${to.words}.`)
    return this.#enqueue(async () => {
      this.#stopWatching()
      this.#sandbox = undefined
      this.#judge.forget()
      await putBack(to.state)
      await store.goBack(this.#progress, to.standing, clock.now())
      await this.#claim()
      await this.#ready()
      await this.#goOn()
    })
  }

  view(): SessionView {
    return sessionView({
      lab: this.lab,
      progress: this.#progress,
      phase: this.#phase,
      message: this.#message,
      notice: this.#notice,
      results: this.#judge.results,
      sandbox: this.#sandbox,
      version: this.#options.version,
      startedInMs: this.#startedInMs,
    })
  }

  /** Whether the step's objects are in the cluster and its checks run. */
  isJudging(step: number): boolean {
    return this.#phase === 'ready' && this.#judge.isJudging(step)
  }

  /** What would be right in a step's answer blocks now: for tests, and to do a step again. */
  rightAnswers(step: Step): Record<string, string> {
    return this.#judge.rightAnswers(step)
  }

  onChange(listener: () => void): Disposable {
    this.#listeners.add(listener)
    return { [Symbol.dispose]: () => void this.#listeners.delete(listener) }
  }

  /** Resolves when everything that was to be written is written. */
  async close(): Promise<void> {
    this.#stopWatching()
    this.#tabsWatched?.[Symbol.dispose]()
    await this.#writes
  }

  async #start(): Promise<void> {
    const { clock, store } = this.#options
    const began = clock.monotonic()
    const { cluster } = await this.#claim()
    if ((await store.labIn(cluster)) !== this.lab.id) await this.#bring.bringBack()
    await this.#ready()
    this.#startedInMs ??= Math.round(clock.monotonic() - began)
    await this.#goOn()
  }

  #beginning(): string {
    return this.#options.clusterSleeps() ? WAKING : GETTING_READY
  }

  readonly #inLine = (place: number): void => {
    if (this.#suspended) return
    const where = place === 1 ? 'You are next' : `You are number ${place} in line`
    if (place === 0) this.#say('starting', this.#beginning())
    else this.#say('queued', `Every seat is taken. ${where}. Leave this page open, it goes on by itself.`)
  }

  /** The learner's cluster, with everything watched that this lab's checks read. */
  async #claim(orAnother = false): Promise<Sandbox> {
    this.#expectTurn()
    const sandbox = await this.#options.claim(this.#inLine, orAnother)
    this.#expectTurn()
    await follow(sandbox, this.lab, this.#options.clock)
    this.#expectTurn()
    this.#sandbox = sandbox
    this.#tabsWatched?.[Symbol.dispose]()
    this.#tabsWatched = sandbox.terminals.onChange(() => this.#tell())
    this.#tell()
    return sandbox
  }

  /** Whoever has given way meanwhile neither asks for the cluster nor touches it. */
  #expectTurn(): void {
    if (this.#suspended) throw new Error(this.#suspended)
  }

  async #goOn(): Promise<void> {
    await this.#judge.enter()
    const { watch } = this.#mySandbox()
    this.#watching ??= watch.onChange(() => this.#judge.judge())
    this.#say('ready', '')
    this.#judge.judge()
  }

  /** A learner may have stopped a machine: the lab goes on without. */
  async #ready(): Promise<void> {
    const { clock, logger } = this.#options
    const sandbox = this.#mySandbox()
    const nodes = nodesReady(sandbox).catch((err) => {
      if (this.#suspended) throw err
      logger.warn('not every node is ready', { cluster: sandbox.cluster, err })
    })
    await Promise.all([nodes, prompt(sandbox, clock)])
  }

  async #replace(): Promise<Sandbox> {
    this.#say(this.#phase, 'Your cluster could not be emptied. Making a new one, with a new home.')
    // Nor is it led to by a preview while it goes: another cluster may get its addresses.
    this.#sandbox = undefined
    await this.#options.discard()
    return this.#claim()
  }

  #enqueue(work: () => Promise<void>): Promise<void> {
    const run = async () => {
      if (this.#suspended) return
      const turn = this.#turn
      try {
        await work()
        if (this.#suspended && !this.isAsleep) this.suspend(this.#suspended)
      } catch (err) {
        this.#stopWatching()
        if (this.isAsleep) return
        if (this.#suspended) return this.suspend(this.#suspended)
        // It had to let go, and has begun again since: that is next.
        if (turn !== this.#turn) return
        this.#options.logger.error('lab session failed', { lab: this.lab.id, session: this.id, err })
        this.#say(
          'failed',
          `${(err as Error).message}. Open the lab again to try once more, or start it afresh with a new cluster.`,
        )
      }
    }
    return this.#options.exclusive(run)
  }

  #stopWatching(): void {
    this.#judge.rest()
    this.#watching?.[Symbol.dispose]()
    this.#watching = undefined
  }

  /** Of all that is in the sandbox: it may be another's soon, or be watched anew. */
  #letGo(): void {
    this.#turn++
    this.#stopWatching()
    this.#tabsWatched?.[Symbol.dispose]()
    this.#sandbox = undefined
  }

  #mySandbox(): Sandbox {
    if (!this.#sandbox) throw new Error('there is no cluster yet')
    return this.#sandbox
  }

  #save(): void {
    const { store, clock } = this.#options
    const now = this.#suspended ? undefined : clock.now()
    this.#write(() => store.save(this.#progress, now))
  }

  /** In order, and never in the way of what the learner sees. */
  #write(write: () => Promise<void>): void {
    this.#writes = this.#writes.then(write).catch((err) => {
      this.#options.logger.error('progress could not be written', { session: this.id, err })
    })
  }

  #say(phase: SessionView['phase'], message: string): void {
    this.#phase = phase
    this.#message = message
    this.#tell()
  }

  #tell(): void {
    for (const listener of this.#listeners) listener()
  }
}

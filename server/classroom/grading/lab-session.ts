// One learner in one lab: brings the cluster to where the lab stands, runs the checks of the current step whenever the
// cluster changes, and tells whoever watches. What it knows is in `progress`, which is in the database; a session that
// is made again from there goes on where the last one was.
//
//   queued ──► starting ──► ready ◄──► resetting        any of them ──► failed (with what to do)
//                 ▲───── asleep ◄──┘                     nobody was here for long: begins again when somebody is

import type { Clock } from '../../base/clock.ts'
import type { Logger } from '../../base/logger.ts'
import { nodeIsReady, nodeIsSimulated } from '../../observe/index.ts'
import type { AnswerResult, CheckResult, SessionView, StepFlag } from '../api/contract.ts'
import { ClassroomError } from '../classroom-error.ts'
import { type ClusterView, rememberPods } from '../labs/cluster-view.ts'
import { hintKey, inOneGo, type Lab, ordersOf, type Step } from '../labs/lab.ts'
import { applyObjects, clearCluster } from '../sandboxes/lab-objects.ts'
import type { Sandbox } from '../sandboxes/sandbox.ts'
import { firstTabs, type TerminalRoom } from '../terminals/terminal-room.ts'
import { AccessProbe, askTheApiServer } from './access-probe.ts'
import { earned } from './grade.ts'
import { judgeStep, passedResults, remember } from './judge-step.ts'
import { type Progress, type ProgressStore, type Standing, standingOf } from './progress.ts'
import { WrongTries } from './wrong-tries.ts'

export interface LabSessionOptions {
  lab: Lab
  progress: Progress
  store: ProgressStore
  /** Tells the place in line, from 1, while every seat is taken; 0 when it is our turn. */
  claim: (hear: (place: number) => void) => Promise<Sandbox>
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
const WAKING = 'Waking your cluster. It slept while you were away; everything is as you left it.'
const ASLEEP = 'Your cluster sleeps: nothing was done here for a while. Everything is as you left it.'
const CLEAR_WITHIN_MS = 30_000
const PROMPT_WITHIN_MS = 5000
const STEP_AGAIN_WITHIN_MS = 60_000

export class LabSession {
  readonly lab: Lab
  readonly #options: LabSessionOptions
  readonly #progress: Progress
  readonly #listeners = new Set<() => void>()
  #phase: SessionView['phase'] = 'starting'
  #message = ''
  #sandbox: Sandbox | undefined
  #watching: Disposable | undefined
  #tabsWatched: Disposable | undefined
  #results: Readonly<Record<string, CheckResult>> = {}
  #startedInMs: number | null = null
  #suspended = ''
  /** Checks rest while the cluster is being brought to a step. */
  #resting = true
  #tries = new WrongTries()
  #creditAtEntry: number | undefined
  readonly #access = new AccessProbe()
  #writes: Promise<void> = Promise.resolve()

  constructor(options: LabSessionOptions) {
    this.#options = options
    this.lab = options.lab
    this.#progress = options.progress
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
    this.#say('starting', this.#beginning())
    // In line at once, even while another lab still waits for the same cluster; what comes of it is seen when it is used.
    this.#options.claim(this.#inLine).catch(() => undefined)
    void this.#enqueue(() => this.#start())
  }

  /** The learner has gone on to another lab, which has the cluster now. */
  suspend(reason: string): void {
    this.#suspended = reason
    this.#stopWatching()
    this.#say('failed', reason)
  }

  get isAsleep(): boolean {
    return this.#phase === 'asleep'
  }

  /** Nobody is here: lets go of the cluster, or of the place in line. Begins again as if it were new. */
  sleep(): void {
    this.#suspended = ASLEEP
    this.#stopWatching()
    this.#tabsWatched?.[Symbol.dispose]()
    this.#sandbox = undefined
    this.#say('asleep', ASLEEP)
  }

  goTo(step: number): void {
    if (step < 1 || step > this.#progress.reached) {
      throw new ClassroomError('step-not-reached', `Step ${step} opens when step ${this.#progress.reached} is done.`)
    }
    this.#progress.step = step
    this.#save()
    this.#tell()
    if (this.#phase === 'ready') void this.#enqueue(() => this.#enterStep())
  }

  answer(questionId: string, choice: number): void {
    const question = this.#question(questionId)
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
    this.#tries.typed(`${step.number}.${answerId}`)
    this.#judge()
  }

  openHint(hintId: string): void {
    if (this.#hint(hintId) === undefined) throw new ClassroomError('hint-unknown', `This lab has no hint "${hintId}".`)
    this.#progress.hints.add(hintId)
    this.#write(() => this.#options.store.openHint(this.id, hintId))
    this.#tell()
  }

  /** The cluster empty, the lab at its first step. */
  reset(): Promise<void> {
    this.#suspended = ''
    this.#say('resetting', 'Putting your cluster back to the start of this lab.')
    return this.#enqueue(async () => {
      this.#stopWatching()
      await this.#claim()
      await this.#startOver()
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
    this.#say('resetting', `Putting your cluster back to ${to.words}.`)
    return this.#enqueue(async () => {
      this.#stopWatching()
      this.#sandbox = undefined
      this.#results = {}
      await putBack(to.state)
      await store.goBack(this.#progress, to.standing, clock.now())
      await this.#claim()
      await Promise.all([this.#nodesReady(), this.#prompt()])
      await this.#goOn()
    })
  }

  view(): SessionView {
    const { lab } = this
    const { step, reached, flags, passed, answers, typed, hints } = this.#progress
    const nodes = this.#sandbox?.watch.view({ pods: [] }).nodes ?? []
    return {
      id: this.id,
      labId: lab.id,
      phase: this.#phase,
      message: this.#message,
      step,
      reached,
      done: passed.has(lab.steps.length),
      flags,
      checks: { ...this.#results, ...passedResults(lab, passed) },
      answers: Object.fromEntries([...answers].flatMap(([id, given]) => this.#answered(id, given))),
      typed: Object.fromEntries(typed),
      hints: Object.fromEntries([...hints].map((id) => [id, this.#hint(id) ?? ''])),
      terminals: this.#sandbox?.terminals.tabs ?? firstTabs(),
      nodes: nodes
        .map((node) => ({
          name: node.metadata?.name ?? '',
          ready: nodeIsReady(node),
          simulated: nodeIsSimulated(node),
        }))
        .sort((one, other) => one.name.localeCompare(other.name)),
      version: nodes[0]?.status?.nodeInfo?.kubeletVersion ?? this.#options.version,
      startedInMs: this.#startedInMs,
    }
  }

  /** Whether the step's objects are in the cluster and its checks run. */
  isJudging(step: number): boolean {
    return this.#phase === 'ready' && !this.#resting && this.#progress.entered === step
  }

  /** What would be right in a step's answer blocks now: for tests, and to do a step again. */
  rightAnswers(step: Step): Record<string, string> {
    const view = this.#view()
    const right = step.checks.map(({ id, rightAnswer }) => [id, rightAnswer?.(view)] as const)
    return Object.fromEntries(right.filter((each): each is [string, string] => each[1] !== undefined))
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
    if ((await store.labIn(cluster)) !== this.lab.id) await this.#bringBack()
    await Promise.all([this.#nodesReady(), this.#prompt()])
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
  async #claim(): Promise<Sandbox> {
    const sandbox = await this.#options.claim(this.#inLine)
    await sandbox.watch.follow(this.lab.cluster.watches)
    this.#sandbox = sandbox
    this.#tabsWatched?.[Symbol.dispose]()
    this.#tabsWatched = sandbox.terminals.onChange(() => this.#tell())
    this.#tell()
    return sandbox
  }

  async #goOn(): Promise<void> {
    await this.#enterStep()
    const { watch } = this.#mySandbox()
    this.#watching ??= watch.onChange(() => this.#judge())
    this.#say('ready', '')
    this.#judge()
  }

  /**
   * The cluster has been another lab's. Does again what the learner had done, by the lab's own solutions, so that they go
   * on where they were; where that cannot be, or there is nothing to do again, the lab begins anew.
   */
  async #bringBack(): Promise<void> {
    const { reached, passed } = this.#progress
    if (reached === 1 || passed.has(this.lab.steps.length)) return this.#startOver()
    const { logger } = this.#options
    try {
      await this.#prepareCluster()
      for (const step of this.lab.steps.slice(0, reached - 1)) await this.#doAgain(step)
      Object.assign(this.#progress, { step: reached, entered: reached - 1 })
      this.#save()
      await this.#isIn()
    } catch (err) {
      logger.warn('lab could not be brought back to its step', { lab: this.lab.id, step: reached, err })
      await this.#startOver()
    }
  }

  async #doAgain(step: Step): Promise<void> {
    this.#say(
      'starting',
      `Bringing your cluster back to step ${this.#progress.reached}: doing step ${step.number} again.`,
    )
    const { watch, terminals, observer } = this.#mySandbox()
    const signal = AbortSignal.timeout(STEP_AGAIN_WITHIN_MS)
    await applyObjects(watch, step.start, signal)
    if (this.#cannotBeDoneHere(step.number)) return
    let before = rememberPods(watch.view({ pods: [] }).pods)
    const seen = () => ({ ...watch.view(before), held: observer.held })
    using _ = watch.onChange(() => {
      before = remember(step, seen())
    })
    for (const order of ordersOf(step.solution)) await observer.steer(order)
    await terminals.run(inOneGo(step.solution))
    const isDone = () => {
      before = remember(step, seen())
      const told = { answers: this.rightAnswers(step), access: this.#accessOf(step) }
      return judgeStep(step, { ...seen(), ...told }, () => undefined).passed
    }
    await watch.until(isDone, signal)
  }

  async #startOver(): Promise<void> {
    const { store, clock } = this.#options
    await this.#prepareCluster()
    await store.startOver(this.#progress, clock.now())
    await this.#isIn()
  }

  /** Only now: a process that ends half way finds the cluster to be nobody's lab. */
  async #isIn(): Promise<void> {
    await this.#options.store.putLabIn(this.#mySandbox().cluster, this.lab.id)
  }

  /** Empties the cluster and puts the lab's first objects in; a cluster that cannot be emptied is replaced. */
  async #prepareCluster(): Promise<void> {
    const { store, discard, logger } = this.#options
    this.#resting = true
    this.#results = {}
    this.#progress.flags = []
    const prepare = async ({ watch, cluster, observer }: Sandbox) => {
      await store.putLabIn(cluster, '')
      // A held loop would clear nothing away.
      await observer.steer({ action: 'release', loops: 'all' })
      const signal = AbortSignal.timeout(CLEAR_WITHIN_MS)
      await clearCluster(watch, signal)
      await applyObjects(watch, this.lab.start, signal)
    }
    try {
      await prepare(this.#mySandbox())
    } catch (err) {
      logger.warn('sandbox could not be emptied; another takes its place', { cluster: this.#sandbox?.cluster, err })
      this.#say(this.#phase, 'Your cluster does not answer as it should. Making a new one.')
      await discard()
      await prepare(await this.#claim())
    }
  }

  /** Puts a step's objects in when the learner first comes to it, and remembers what was there. */
  async #enterStep(): Promise<void> {
    const { progress, watch } = { progress: this.#progress, watch: this.#mySandbox().watch }
    const step = this.lab.steps[progress.reached - 1]
    if (!step || progress.step !== progress.reached || progress.entered >= progress.reached) {
      this.#resting = false
      return
    }
    this.#resting = true
    await applyObjects(watch, step.start, AbortSignal.timeout(CLEAR_WITHIN_MS))
    progress.before = rememberPods(watch.view({ pods: [] }).pods)
    progress.entered = step.number
    this.#flag(step.number, 'begun')
    this.#tries = new WrongTries()
    this.#creditAtEntry = undefined
    this.#save()
    this.#resting = false
    this.#judge()
  }

  #judge(): void {
    const progress = this.#progress
    const step = this.lab.steps[progress.reached - 1]
    if (!this.#sandbox || this.#resting || !step) return
    const isOpen = progress.entered === step.number && !progress.passed.has(step.number)
    if (isOpen && this.#cannotBeDoneHere(step.number)) {
      this.#pass(step.number)
    } else if (isOpen) {
      const { logger } = this.#options
      this.#remember(step)
      const view = { ...this.#view(), access: this.#accessOf(step) }
      const verdict = judgeStep(step, view, (check, err) =>
        logger.error('check failed to run', { lab: this.lab.id, check, err }),
      )
      this.#results = verdict.results
      this.#creditAtEntry ??= verdict.credit
      const wrongTries = this.#tries.see(verdict.results)
      // What a helper has typed is no try of the learner's.
      const isOwn = this.#sandbox.terminals.helper === ''
      this.#mark(step.number, earned(verdict.credit, this.#creditAtEntry), isOwn ? wrongTries : 0)
      if (verdict.passed) this.#pass(step.number)
    }
    this.#tell()
  }

  /** Asked again whenever the objects have changed that decide about it; then the step is judged once more. */
  #accessOf(step: Step): Readonly<Record<string, boolean>> {
    const { watch } = this.#mySandbox()
    const questions = step.checks.flatMap(({ asks = [] }) => asks)
    return this.#access.answers(questions, watch.view({ pods: [] }), askTheApiServer(watch.client), () =>
      watch.lookAgain(),
    )
  }

  #view(): ClusterView {
    const { before, typed } = this.#progress
    const { watch, observer } = this.#mySandbox()
    return { ...watch.view(before), answers: Object.fromEntries(typed), held: observer.held }
  }

  #remember(step: Step): void {
    const before = remember(step, this.#view())
    if (before === this.#progress.before) return
    this.#progress.before = before
    this.#save()
  }

  /** For the grade: the best credit so far, and what was tried in vain. Written only when it has changed. */
  #mark(step: number, credit: number, wrongTries: number): void {
    const { marks } = this.#progress
    const before = marks.get(step)
    const now = { credit: Math.max(before?.credit ?? 0, credit), attempts: (before?.attempts ?? 0) + wrongTries }
    if (before?.credit === now.credit && before.attempts === now.attempts) return
    marks.set(step, now)
    this.#write(() => this.#options.store.mark(this.id, step, now))
  }

  /** Nobody shall be stuck at a step that simulated nodes cannot finish: it opens the next one. */
  #cannotBeDoneHere(step: number): boolean {
    return this.#sandbox?.kind === 'simulated' && this.lab.cluster.containers.includes(step)
  }

  #pass(step: number): void {
    const progress = this.#progress
    progress.passed.add(step)
    this.#flag(step, 'passed')
    const marks = { credit: 1, attempts: (progress.marks.get(step)?.attempts ?? 0) + 1 }
    progress.marks.set(step, marks)
    const isLast = step === this.lab.steps.length
    if (isLast) progress.everDone = true
    else progress.reached = step + 1
    this.#write(() => this.#options.store.mark(this.id, step, marks, this.#options.clock.now()))
    this.#save()
  }

  /** Where the cluster stands now, for its time slider. */
  #flag(step: number, is: StepFlag['is']): void {
    const { revision } = this.#mySandbox().watch
    this.#progress.flags = [...this.#progress.flags, { step, is, revision }]
  }

  /** A cluster is ready when its nodes are; a warm one has been for long. */
  async #nodesReady(): Promise<void> {
    await this.#mySandbox().watch.until(({ nodes }) => nodes.length > 0 && nodes.every(nodeIsReady))
  }

  /** Opens the first tab ahead of the browser; where there is no shell, the tab itself says why. */
  async #prompt(): Promise<void> {
    const { clock } = this.#options
    const late = new AbortController()
    const prompted = this.#mySandbox()
      .terminals.tab('1')
      .then((tab) => tab.prompted)
    await Promise.race([prompted, clock.sleep(PROMPT_WITHIN_MS, late.signal)]).catch(() => undefined)
    late.abort()
  }

  #enqueue(work: () => Promise<void>): Promise<void> {
    const run = async () => {
      if (this.#suspended) return
      try {
        await work()
        if (this.#suspended && !this.isAsleep) this.suspend(this.#suspended)
      } catch (err) {
        this.#stopWatching()
        if (this.isAsleep) return
        this.#options.logger.error('lab session failed', { lab: this.lab.id, session: this.id, err })
        this.#say('failed', `${(err as Error).message}. Reset the lab to try again with a clean cluster.`)
      }
    }
    return this.#options.exclusive(run)
  }

  #stopWatching(): void {
    this.#resting = true
    this.#watching?.[Symbol.dispose]()
    this.#watching = undefined
  }

  #mySandbox(): Sandbox {
    if (!this.#sandbox) throw new Error('there is no cluster yet')
    return this.#sandbox
  }

  #question(id: string) {
    return this.lab.steps.flatMap((step) => step.questions).find((question) => question.id === id)
  }

  #answered(id: string, { choice, correct }: { choice: number; correct: boolean }): [string, AnswerResult][] {
    const question = this.#question(id)
    if (!question) return []
    const explanation = correct || question.kind === 'predict' ? question.explanation : 'Not that one. Look again.'
    return [[id, { choice, correct, explanation }]]
  }

  #hint(id: string): string | undefined {
    for (const step of this.lab.steps) {
      const hint = step.hints.find((each) => hintKey(step, each) === id)
      if (hint) return hint.html
    }
    return undefined
  }

  #save(): void {
    const { store, clock } = this.#options
    this.#write(() => store.save(this.#progress, clock.now()))
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

// The step that is judged: puts its objects in when the learner first comes to it, runs its checks whenever the cluster has
// changed, keeps its marks, and opens the next one when it is passed.

import type { Clock } from '../../base/clock.ts'
import type { Logger } from '../../base/logger.ts'
import type { CheckResult, StepFlag } from '../api/contract.ts'
import { type ClusterView, rememberPods } from '../labs/cluster-view.ts'
import type { Lab, Step } from '../labs/lab.ts'
import { applyObjects } from '../sandboxes/lab-objects.ts'
import type { Sandbox } from '../sandboxes/sandbox.ts'
import { AccessProbe, askTheApiServer } from './access-probe.ts'
import { earned } from './grade.ts'
import { judgeStep, remember } from './judge-step.ts'
import type { Progress, ProgressStore } from './progress.ts'
import { WrongTries } from './wrong-tries.ts'

export interface StepJudgeOptions {
  lab: Lab
  progress: Progress
  store: ProgressStore
  /** Undefined while the learner has none, or it sleeps. */
  sandbox: () => Sandbox | undefined
  /** Writes something down, in order. */
  write: (write: () => Promise<void>) => void
  /** Writes down how far the learner has come. */
  save: () => void
  tell: () => void
  clock: Clock
  logger: Logger
}

const ENTER_WITHIN_MS = 30_000

export class StepJudge {
  readonly #options: StepJudgeOptions
  readonly #access = new AccessProbe()
  #results: Readonly<Record<string, CheckResult>> = {}
  /** Checks rest while the cluster is being brought to a step, and while there is none. */
  #resting = true
  #tries = new WrongTries()
  #creditAtEntry: number | undefined

  constructor(options: StepJudgeOptions) {
    this.#options = options
  }

  /** Of the checks of the step that is judged. */
  get results(): Readonly<Record<string, CheckResult>> {
    return this.#results
  }

  /** Whether the step's objects are in the cluster and its checks run. */
  isJudging(step: number): boolean {
    return !this.#resting && this.#options.progress.entered === step
  }

  /** Until a step is entered again. */
  rest(): void {
    this.#resting = true
  }

  /** What was seen was seen in a cluster that is not there any more. */
  forget(): void {
    this.#resting = true
    this.#results = {}
  }

  /** Something was typed into an answer block. */
  typed(check: string): void {
    this.#tries.typed(check)
    this.judge()
  }

  /** Puts a step's objects in when the learner first comes to it, and remembers what was there. */
  async enter(): Promise<void> {
    const { lab, progress, save } = this.#options
    const { watch } = this.#sandbox
    const step = lab.steps[progress.reached - 1]
    if (!step || progress.step !== progress.reached || progress.entered >= progress.reached) {
      this.#resting = false
      return
    }
    this.#resting = true
    await applyObjects(watch, step.start, AbortSignal.timeout(ENTER_WITHIN_MS))
    progress.before = rememberPods(watch.view({ pods: [] }).pods)
    progress.entered = step.number
    this.#flag(step.number, 'begun', watch.revision)
    this.#tries = new WrongTries()
    this.#creditAtEntry = undefined
    save()
    this.#resting = false
    this.judge()
  }

  judge(): void {
    const { lab, progress, sandbox, logger, tell } = this.#options
    const step = lab.steps[progress.reached - 1]
    if (this.#resting || !sandbox() || !step) return
    const isOpen = progress.entered === step.number && !progress.passed.has(step.number)
    if (isOpen && this.cannotBeDoneHere(step.number)) {
      this.#pass(step.number)
    } else if (isOpen) {
      this.#remember(step)
      const view = { ...this.seen(), access: this.accessOf(step) }
      const verdict = judgeStep(step, view, (check, err) =>
        logger.error('check failed to run', { lab: lab.id, check, err }),
      )
      this.#results = verdict.results
      this.#creditAtEntry ??= verdict.credit
      const wrongTries = this.#tries.see(verdict.results)
      // What a helper has typed is no try of the learner's.
      const isOwn = this.#sandbox.terminals.helper === ''
      this.#mark(step.number, earned(verdict.credit, this.#creditAtEntry), isOwn ? wrongTries : 0)
      if (verdict.passed) this.#pass(step.number)
    }
    tell()
  }

  /** What would be right in a step's answer blocks now: for tests, and to do a step again. */
  rightAnswers(step: Step): Record<string, string> {
    const view = this.seen()
    const right = step.checks.map(({ id, rightAnswer }) => [id, rightAnswer?.(view)] as const)
    return Object.fromEntries(right.filter((each): each is [string, string] => each[1] !== undefined))
  }

  /** The cluster, and what was answered, as checks see them. */
  seen(): ClusterView {
    const { before, typed } = this.#options.progress
    const { watch, observer } = this.#sandbox
    return { ...watch.view(before), answers: Object.fromEntries(typed), held: observer.held }
  }

  /** Asked again whenever the objects have changed that decide about it; then the step is judged once more. */
  accessOf(step: Step): Readonly<Record<string, boolean>> {
    const { watch } = this.#sandbox
    const questions = step.checks.flatMap(({ asks = [] }) => asks)
    return this.#access.answers(questions, watch.view({ pods: [] }), askTheApiServer(watch.client), () =>
      watch.lookAgain(),
    )
  }

  /** Nobody shall be stuck at a step that simulated nodes cannot finish: it opens the next one. */
  cannotBeDoneHere(step: number): boolean {
    return this.#sandbox.kind === 'simulated' && this.#options.lab.cluster.containers.includes(step)
  }

  #remember(step: Step): void {
    const { progress, save } = this.#options
    if (!step.checks.some(({ remembers }) => remembers)) return
    const before = remember(step, progress.before, this.#sandbox.watch.moments(progress.before))
    if (before === progress.before) return
    progress.before = before
    save()
  }

  /** For the grade: the best credit so far, and what was tried in vain. Written only when it has changed. */
  #mark(step: number, credit: number, wrongTries: number): void {
    const { marks } = this.#options.progress
    const before = marks.get(step)
    const now = { credit: Math.max(before?.credit ?? 0, credit), attempts: (before?.attempts ?? 0) + wrongTries }
    if (before?.credit === now.credit && before.attempts === now.attempts) return
    marks.set(step, now)
    this.#options.write(() => this.#options.store.mark(this.#options.progress.runId, step, now))
  }

  #pass(step: number): void {
    const { lab, progress, store, clock, write, save } = this.#options
    progress.passed.add(step)
    this.#flag(step, 'passed', this.#sandbox.watch.revision)
    const marks = { credit: 1, attempts: (progress.marks.get(step)?.attempts ?? 0) + 1 }
    progress.marks.set(step, marks)
    const isLast = step === lab.steps.length
    if (isLast) progress.everDone = true
    else progress.reached = step + 1
    write(() => store.mark(progress.runId, step, marks, clock.now()))
    save()
  }

  /** Where the cluster stood then, for its time slider. */
  #flag(step: number, is: StepFlag['is'], revision: number): void {
    this.#options.progress.flags = [...this.#options.progress.flags, { step, is, revision }]
  }

  get #sandbox(): Sandbox {
    const sandbox = this.#options.sandbox()
    if (!sandbox) throw new Error('there is no cluster yet')
    return sandbox
  }
}

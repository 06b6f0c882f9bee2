// What every learner is doing, kept from the moment they open a lab: the facts that the wall is drawn from.

import type { SessionView } from '../api/contract.ts'
import type { LabSession } from '../grading/lab-session.ts'
import type { Sessions } from '../grading/sessions.ts'
import type { Lab } from '../labs/lab.ts'
import { checkKey } from '../labs/lab.ts'
import { followCommand, followLab, type LabStands, type LearnerFacts } from './follow-learner.ts'

export interface FollowingOptions {
  sessions: Sessions
  now: () => number
  onChange: () => void
  /**
   * Hears of the cluster that a learner has, whenever that is ready: a new one, or their own that was woken. What it gives
   * back is disposed when that is so no longer.
   */
  onCluster: (learnerId: string, cluster: string) => Disposable
}

export class Following implements Disposable {
  readonly #now: () => number
  readonly #onChange: () => void
  readonly #onCluster: FollowingOptions['onCluster']
  readonly #facts = new Map<string, LearnerFacts>()
  readonly #followed = new Map<string, { session: LabSession } & Disposable>()
  readonly #alive: Disposable

  constructor(options: FollowingOptions) {
    this.#now = options.now
    this.#onChange = options.onChange
    this.#onCluster = options.onCluster
    this.#alive = options.sessions.onAlive((session) => this.#follow(session))
  }

  of(learnerId: string): LearnerFacts | undefined {
    return this.#facts.get(learnerId)
  }

  /** The lab that the learner is in now. */
  sessionOf(learnerId: string): LabSession | undefined {
    return this.#followed.get(learnerId)?.session
  }

  [Symbol.dispose](): void {
    this.#alive[Symbol.dispose]()
    for (const followed of this.#followed.values()) followed[Symbol.dispose]()
  }

  #follow(session: LabSession): void {
    const { learnerId } = session
    this.#followed.get(learnerId)?.[Symbol.dispose]()
    const stack = new DisposableStack()
    let listened: Disposable | undefined
    let room: LabSession['room']
    let ready: Disposable | undefined
    const unready = () => {
      ready?.[Symbol.dispose]()
      ready = undefined
    }
    const take = () => {
      // A cluster that was replaced comes with another terminal.
      if (session.room !== room) {
        listened?.[Symbol.dispose]()
        room = session.room
        listened = room?.onCommand((text, by) => this.#typed(learnerId, text, by))
      }
      const view = session.view()
      if (view.phase !== 'ready') return unready()
      if (session.cluster !== undefined) ready ??= this.#onCluster(learnerId, session.cluster)
      const before = this.#facts.get(learnerId)
      const after = followLab(before, standsOf(session.lab, view), this.#now())
      if (JSON.stringify(before) === JSON.stringify(after)) return
      this.#facts.set(learnerId, after)
      this.#onChange()
    }
    stack.use(session.onChange(take))
    stack.defer(() => listened?.[Symbol.dispose]())
    stack.defer(unready)
    this.#followed.set(learnerId, { session, [Symbol.dispose]: () => stack.dispose() })
    take()
  }

  #typed(learnerId: string, text: string, by: string): void {
    const facts = this.#facts.get(learnerId)
    if (!facts) return
    this.#facts.set(learnerId, followCommand(facts, text, this.#now(), by))
    this.#onChange()
  }
}

/** A session's view, cut down to the step that is judged. */
export function standsOf(lab: Lab, view: SessionView): LabStands {
  const step = lab.steps[view.reached - 1]
  return {
    labId: lab.id,
    step: view.reached,
    steps: lab.steps.length,
    done: view.done,
    checks: (step?.checks ?? []).map((check) => {
      const result = step && view.checks[checkKey(step, check)]
      return { id: check.id, aim: check.aim, state: result?.state ?? 'waiting', message: result?.message ?? '' }
    }),
  }
}

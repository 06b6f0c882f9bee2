// Takes a lab as a learner would who makes every known mistake: for each step, its checks are not ok before its
// solution and are after it; and each mistake, made at its step on a clean cluster, is answered by its promised message.
// What a test of a lab is; it needs a session on a real control plane, and someone to run shell scripts against it.

import type { LabSession } from '../grading/lab-session.ts'
import type { Lab, Mistake, Script, Step } from './lab.ts'

export interface Walk {
  session: LabSession
  /** Does what a learner would, with kubectl pointed at the session's cluster. */
  perform: (script: Script) => Promise<void>
  /** Aborts whatever is waited for. */
  signal: AbortSignal
}

export interface StepWalked {
  step: number
  tookMs: number
}

/** All steps in order. Rejects with what was seen when a step is ok too early, or not ok in the end. */
export async function walkSolution(walk: Walk, lab: Lab, upTo = lab.steps.length): Promise<StepWalked[]> {
  const { session } = walk
  const walked: StepWalked[] = []
  for (const step of lab.steps.slice(0, upTo)) {
    const began = performance.now()
    await enter(walk, step.number)
    if (!isPassed(session, step.number)) {
      await walk.perform(step.solution)
      const isDone = () => {
        typeRight(session, step)
        return isPassed(session, step.number)
      }
      await until(walk, isDone, `step ${step.number} is ok after its solution`)
    } else if (!isExcused(session, lab, step.number)) {
      throw new Error(`${lab.id}: step ${step.number} is ok before anything was done`)
    }
    walked.push({ step: step.number, tookMs: Math.round(performance.now() - began) })
  }
  return walked
}

/** Makes one mistake at its step, and resolves when the learner reads what was promised. */
export async function walkMistake(walk: Walk, lab: Lab, mistake: Mistake): Promise<void> {
  await walk.session.reset()
  await walkSolution(walk, lab, mistake.step - 1)
  await enter(walk, mistake.step)
  await walk.perform(mistake.script)
  for (const [id, text] of Object.entries(mistake.types)) walk.session.typeAnswer(id, text)
  const reads = () => Object.values(walk.session.view().checks).some(({ message }) => message.includes(mistake.says))
  await until(walk, reads, `mistake ${mistake.name} is answered by “${mistake.says}”`)
}

async function enter(walk: Walk, step: number): Promise<void> {
  const { session } = walk
  await until(walk, () => session.view().phase === 'ready', 'the session is ready')
  if (session.view().reached < step) throw new Error(`step ${step} is not open`)
  session.goTo(step)
  await until(walk, () => session.isJudging(step) || isPassed(session, step), `step ${step} is being judged`)
}

/** Again when something else is right: the caches may not have heard yet of what the solution did. */
function typeRight(session: LabSession, step: Step): void {
  for (const [id, text] of Object.entries(session.rightAnswers(step))) {
    if (session.view().typed[id] !== text) session.typeAnswer(id, text)
  }
}

const isPassed = (session: LabSession, step: number) => session.view().reached > step || session.view().done

const isExcused = (session: LabSession, lab: Lab, step: number) =>
  lab.cluster.containers.includes(step) && session.view().nodes.every(({ simulated }) => simulated)

async function until({ session, signal }: Walk, holds: () => boolean, what: string): Promise<void> {
  const { promise, resolve, reject } = Promise.withResolvers<void>()
  const check = () => {
    const { phase, message } = session.view()
    if (phase === 'failed') reject(new Error(`while waiting until ${what}: ${message}`))
    else if (holds()) resolve()
  }
  const onAbort = () => {
    const seen = Object.entries(session.view().checks).map(([id, { state, message }]) => `  ${id}: ${state} ${message}`)
    reject(new Error(`it was not so in time that ${what}. Checks:\n${seen.join('\n')}`))
  }
  using _ = session.onChange(check)
  signal.addEventListener('abort', onAbort, { once: true })
  check()
  try {
    await promise
  } finally {
    signal.removeEventListener('abort', onAbort)
  }
}

// What is known of one learner in their lab, from two streams: how the lab stands, and the commands they type.
// Pure, so that what the wall claims can be tested: facts and something that happened in, new facts out.

export interface LearnerFacts {
  readonly labId: string
  /** The step that is judged, and how many there are. */
  readonly step: number
  readonly steps: number
  readonly done: boolean
  /** When they came to this step, as far as this classroom has been watching. */
  readonly stepSince: number
  /** The first check of the step that does not hold. */
  readonly check: CheckFacts | undefined
  readonly command: CommandFacts | undefined
}

export interface CheckFacts {
  readonly id: string
  readonly state: 'waiting' | 'failed'
  readonly aim: string
  readonly message: string
  /** Since when this check is in this state. */
  readonly since: number
  /** Commands typed since then. */
  readonly tries: number
}

export interface CommandFacts {
  readonly text: string
  readonly at: number
  /** Who typed it, if it was not the learner alone. */
  readonly by: string
  /** How often in a row the learner did. */
  readonly times: number
}

/** How a learner's lab stands, as its session tells it. */
export interface LabStands {
  readonly labId: string
  readonly step: number
  readonly steps: number
  readonly done: boolean
  /** Of the step that is judged, in order. */
  readonly checks: readonly { id: string; state: 'ok' | 'waiting' | 'failed'; aim: string; message: string }[]
}

export function followLab(facts: LearnerFacts | undefined, stands: LabStands, at: number): LearnerFacts {
  const { labId, step, steps, done } = stands
  const isSameStep = facts?.labId === labId && facts.step === step
  const first = done ? undefined : stands.checks.find(({ state }) => state !== 'ok')
  return {
    labId,
    step,
    steps,
    done,
    stepSince: isSameStep ? facts.stepSince : at,
    check: first && followCheck(isSameStep ? facts.check : undefined, first, at),
    command: facts?.command,
  }
}

function followCheck(before: CheckFacts | undefined, now: LabStands['checks'][number], at: number): CheckFacts {
  const state = now.state === 'failed' ? 'failed' : 'waiting'
  const isSame = before?.id === now.id && before.state === state
  const { id, aim, message } = now
  return { id, aim, message, state, since: isSame ? before.since : at, tries: isSame ? before.tries : 0 }
}

/** What a helper types is told, and is no try of the learner's. */
export function followCommand(facts: LearnerFacts, text: string, at: number, by = ''): LearnerFacts {
  const { command, check } = facts
  if (by) return { ...facts, command: { text, at, by, times: 0 } }
  return {
    ...facts,
    command: { text, at, by, times: command?.text === text ? command.times + 1 : 1 },
    check: check && { ...check, tries: check.tries + 1 },
  }
}

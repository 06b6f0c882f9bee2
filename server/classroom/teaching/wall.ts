// The wall of one class, made from what is known: who is in it, what each of them is doing, who raised a hand.

import type { LabSession } from '../grading/lab-session.ts'
import type { Lab } from '../labs/lab.ts'
import type { Presence } from './attendance.ts'
import type { LearnerFacts } from './follow-learner.ts'
import type { Hand } from './hands.ts'
import { inOrder, stuckness, type TileState } from './stuck.ts'
import type { Tile, WallView } from './wall-view.ts'

/** Everything about one learner that a tile shows. */
export interface LearnerNow {
  readonly learnerId: string
  readonly name: string
  readonly sessionId: string | null
  readonly presence: Presence
  readonly facts: LearnerFacts | undefined
  readonly hand: Hand | undefined
  readonly sandbox: Tile['sandbox']
  readonly nodes: Tile['nodes']
  readonly tabs: Tile['tabs']
  readonly held: number
  readonly paused: boolean
  /** What they chose in predictions, by question. */
  readonly answers: Readonly<Record<string, { choice: number }>>
}

export function tileOf(learner: LearnerNow, labs: readonly Lab[], now: number): Tile {
  const { learnerId, name, sessionId, presence, facts, hand, sandbox, nodes, tabs, held, paused } = learner
  const stuck = facts && presence.here ? stuckness(facts, now) : undefined
  const lab = facts && labs.find(({ id }) => id === facts.labId)
  return {
    learnerId,
    name,
    sessionId,
    state: stuck ? 'stuck' : stateOf(facts, presence),
    stuckSince: stuck?.since ?? 0,
    why: stuck?.why ?? '',
    hand: hand ?? null,
    lab:
      lab && facts ? { id: lab.id, number: lab.number, title: lab.title, step: facts.step, steps: facts.steps } : null,
    check: facts?.check ? { aim: facts.check.aim, message: facts.check.message, tries: facts.check.tries } : null,
    command: facts?.command ? { text: facts.command.text, at: facts.command.at, by: facts.command.by } : null,
    here: presence.here,
    leftAt: presence.leftAt,
    sandbox,
    nodes,
    tabs,
    held,
    paused,
  }
}

function stateOf(facts: LearnerFacts | undefined, presence: Presence): TileState {
  if (facts?.done) return 'done'
  if (!presence.here) return facts ? 'offline' : 'away'
  if (!facts) return 'waiting'
  if (facts.check?.state === 'failed') return 'failing'
  return facts.check && facts.check.tries === 0 && !facts.command ? 'waiting' : 'working'
}

export function wallOf(from: {
  class: { id: string; name: string; openLabId: string; joinCode: string | null }
  learners: readonly LearnerNow[]
  labs: readonly Lab[]
  announcement: WallView['announcement']
  usedPercent: number
  now: number
}): WallView {
  const { learners, labs, announcement, usedPercent, now } = from
  const tiles = inOrder(learners.map((learner) => tileOf(learner, labs, now)))
  const lab = labs.find(
    ({ id }) => id === (from.class.openLabId || mostCommon(tiles.flatMap((one) => one.lab?.id ?? []))),
  )
  return {
    now,
    class: { id: from.class.id, name: from.class.name, joinCode: from.class.joinCode },
    lab: lab ? { id: lab.id, number: lab.number, title: lab.title, steps: lab.steps.map(({ title }) => title) } : null,
    tiles,
    prediction: lab ? predictionOf(lab, learners) : null,
    announcement,
    memory: { usedPercent },
  }
}

/** Of the step where most are, the last question that was asked before an action. */
function predictionOf(lab: Lab, learners: readonly LearnerNow[]): WallView['prediction'] {
  const inLab = learners.filter(({ facts }) => facts?.labId === lab.id && !facts.done)
  const at = mostCommon(inLab.flatMap(({ facts }) => (facts ? [String(facts.step)] : [])))
  const step = lab.steps[Number(at) - 1]
  const question = step?.questions.findLast(({ kind }) => kind === 'predict')
  if (!step || !question) return null
  const choices = learners.flatMap(({ answers }) => answers[question.id]?.choice ?? [])
  return {
    step: step.number,
    question: question.question,
    answered: choices.length,
    options: question.options.map((text, index) => ({
      text,
      count: choices.filter((choice) => choice === index).length,
      correct: index === question.answer,
    })),
  }
}

function mostCommon(values: readonly string[]): string | undefined {
  const counts = new Map<string, number>()
  for (const value of values) counts.set(value, (counts.get(value) ?? 0) + 1)
  return [...counts].sort(([, a], [, b]) => b - a)[0]?.[0]
}

/** What a session says of its learner's cluster. */
export function clusterOf(session: LabSession | undefined): Pick<LearnerNow, 'sandbox' | 'nodes' | 'tabs' | 'answers'> {
  if (!session) return { sandbox: 'none', nodes: [], tabs: [], answers: {} }
  const { phase, nodes, terminals, answers } = session.view()
  return {
    sandbox: phase === 'ready' || phase === 'asleep' ? phase : 'starting',
    nodes: nodes.map(({ name, ready }) => ({ name, ready })),
    tabs: terminals.map(({ name, title }) => ({ name, title })),
    answers,
  }
}

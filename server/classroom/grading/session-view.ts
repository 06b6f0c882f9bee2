// A session as its learner's pages see it.

import { nodeIsReady, nodeIsSimulated } from '../../observe/index.ts'
import type { AnswerResult, SessionView } from '../api/contract.ts'
import { hintKey, type Lab } from '../labs/lab.ts'
import type { Sandbox } from '../sandboxes/sandbox.ts'
import { firstTabs } from '../terminals/terminal-room.ts'
import { passedResults } from './judge-step.ts'
import type { Progress } from './progress.ts'

interface SeenSession extends Pick<SessionView, 'phase' | 'message' | 'notice' | 'startedInMs'> {
  lab: Lab
  progress: Progress
  /** Of the step that is judged. */
  results: SessionView['checks']
  sandbox: Sandbox | undefined
  /** Of Kubernetes, until a node says its own. */
  version: string
}

export function sessionView(session: SeenSession): SessionView {
  const { lab, progress, phase, message, notice, results, sandbox, version, startedInMs } = session
  const { step, reached, flags, passed, answers, typed, hints } = progress
  const nodes = sandbox?.watch.view({ pods: [] }).nodes ?? []
  return {
    id: progress.runId,
    labId: lab.id,
    phase,
    message,
    notice,
    step,
    reached,
    done: passed.has(lab.steps.length),
    flags,
    checks: { ...results, ...passedResults(lab, passed) },
    answers: Object.fromEntries([...answers].flatMap(([id, given]) => answered(lab, id, given))),
    typed: Object.fromEntries(typed),
    hints: Object.fromEntries([...hints].map((id) => [id, hintOf(lab, id) ?? ''])),
    terminals: sandbox?.terminals.tabs ?? firstTabs(),
    nodes: nodes
      .map((node) => ({ name: node.metadata?.name ?? '', ready: nodeIsReady(node), simulated: nodeIsSimulated(node) }))
      .sort((one, other) => one.name.localeCompare(other.name)),
    version: nodes[0]?.status?.nodeInfo?.kubeletVersion ?? version,
    startedInMs,
  }
}

export const questionOf = (lab: Lab, id: string) =>
  lab.steps.flatMap((step) => step.questions).find((question) => question.id === id)

/** Its text; undefined when there is no such hint. */
export function hintOf(lab: Lab, id: string): string | undefined {
  for (const step of lab.steps) {
    const hint = step.hints.find((each) => hintKey(step, each) === id)
    if (hint) return hint.html
  }
  return undefined
}

function answered(
  lab: Lab,
  id: string,
  { choice, correct }: { choice: number; correct: boolean },
): [string, AnswerResult][] {
  const question = questionOf(lab, id)
  if (!question) return []
  const explanation = correct || question.kind === 'predict' ? question.explanation : 'Not that one. Look again.'
  return [[id, { choice, correct, explanation }]]
}

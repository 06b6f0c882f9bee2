// Runs a step's checks once. A check that throws is our mistake and not the learner's; it says so and the others go on.
// A check rests, and says so, while a loop is held whose work it waits for.

import { isDeepStrictEqual } from 'node:util'
import type { CheckResult } from '../api/contract.ts'
import type { Check, Verdict } from '../labs/check.ts'
import type { Before, ClusterView, Memory } from '../labs/cluster-view.ts'
import { checkKey, type Lab, type Step } from '../labs/lab.ts'
import { LOOPS } from '../labs/loops.ts'

export interface StepVerdict {
  readonly passed: boolean
  readonly results: Readonly<Record<string, CheckResult>>
  /** The mean of the checks' credits. */
  readonly credit: number
}

export function judgeStep(
  step: Step,
  view: ClusterView,
  onError: (checkId: string, err: unknown) => void,
): StepVerdict {
  const verdicts = step.checks.map((check) => {
    const key = checkKey(step, check)
    try {
      return { key, verdict: atRest(check, view, check.judge(view)) }
    } catch (err) {
      onError(key, err)
      return { key, verdict: broken }
    }
  })
  return {
    passed: verdicts.every(({ verdict }) => verdict.state === 'ok'),
    results: Object.fromEntries(verdicts.map(({ key, verdict }) => [key, shown(verdict)])),
    credit: verdicts.reduce((sum, { verdict }) => sum + verdict.credit, 0) / verdicts.length,
  }
}

/** What the step's checks remember of its time, with what they see in these moments; `before` itself while that is nothing new. */
export function remember(step: Step, before: Before, moments: readonly ClusterView[]): Before {
  const { seen = {} } = before
  const now: Record<string, Memory> = {}
  for (const { id, remembers } of step.checks) {
    if (!remembers) continue
    let memory = seen[id]
    for (const moment of moments) memory = remembers(moment, memory)
    if (memory) now[id] = memory
  }
  return isDeepStrictEqual(now, seen) ? before : { ...before, seen: now }
}

function atRest(check: Check, { held }: ClusterView, verdict: Verdict): Verdict {
  if (verdict.state === 'ok') return verdict
  const loops = (check.loops ?? []).map((name) => LOOPS[name]).filter(({ client }) => held.includes(client))
  if (loops.length === 0) return verdict
  const names = loops.map(({ words }) => words)
  const [which, them] =
    names.length === 1
      ? [`the ${names[0]} loop is`, 'it']
      : [`the ${names.slice(0, -1).join(', ')} and ${names.at(-1)} loops are`, 'them']
  return { ...verdict, state: 'waiting', message: `Not judged while ${which} held. Release ${them}, and this goes on.` }
}

const broken: Verdict = {
  state: 'waiting',
  message: 'This check itself is broken. Please tell whoever wrote the lab.',
  saw: '',
  wanted: '',
  credit: 0,
}

const shown = ({ state, message, saw, wanted }: Verdict): CheckResult => ({ state, message, saw, wanted })

/** Steps that were passed show their checks as ok, whatever the cluster has become since. */
export function passedResults(lab: Lab, passed: ReadonlySet<number>): Record<string, CheckResult> {
  const keys = lab.steps
    .filter((step) => passed.has(step.number))
    .flatMap((step) => step.checks.map((check) => checkKey(step, check)))
  return Object.fromEntries(keys.map((key) => [key, { state: 'ok', message: '', saw: '', wanted: '' }]))
}

// Runs a step's checks once. A check that throws is our mistake and not the learner's; it says so and the others go on.

import type { CheckResult } from '../api/contract.ts'
import type { Verdict } from '../labs/check.ts'
import type { ClusterView } from '../labs/cluster-view.ts'
import { checkKey, type Lab, type Step } from '../labs/lab.ts'

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
      return { key, verdict: check.judge(view) }
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

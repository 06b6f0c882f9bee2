// A step that was done once, done again in a cluster that has nothing of it, by the lab's own solution.

import { rememberPods } from '../labs/cluster-view.ts'
import { inOneGo, ordersOf, type Step } from '../labs/lab.ts'
import { applyObjects } from '../sandboxes/lab-objects.ts'
import type { Sandbox } from '../sandboxes/sandbox.ts'
import { judgeStep, remember } from './judge-step.ts'
import type { StepJudge } from './step-judge.ts'

const WITHIN_MS = 60_000

/** Resolves when its checks pass. Where the step cannot be done in that sandbox, its objects are all there is of it. */
export async function doAgain(step: Step, { watch, terminals, observer }: Sandbox, judge: StepJudge): Promise<void> {
  const signal = AbortSignal.timeout(WITHIN_MS)
  await applyObjects(watch, step.start, signal)
  if (judge.cannotBeDoneHere(step.number)) return
  let before = rememberPods(watch.view({ pods: [] }).pods)
  const seen = () => ({ ...watch.view(before), held: observer.held })
  using _ = watch.onChange(() => {
    before = remember(step, before, watch.moments(before))
  })
  for (const order of ordersOf(step.solution)) await observer.steer(order)
  await terminals.run(inOneGo(step.solution))
  const isDone = () => {
    before = remember(step, before, [seen()])
    const told = { answers: judge.rightAnswers(step), access: judge.accessOf(step) }
    return judgeStep(step, { ...seen(), ...told }, () => undefined).passed
  }
  await watch.until(isDone, signal)
}

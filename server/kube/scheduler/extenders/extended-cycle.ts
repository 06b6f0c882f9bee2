// The same decision, with extenders asked after the plug-ins: which of the nodes that fit may stay, how good they are,
// and whose place may be taken. Upstream: findNodesThatPassExtenders, prioritizeNodes, callExtenders.

import type { Pod } from 'kubernetes-types/core/v1'
import { type CycleOptions, choose, type Decision, findFeasible, giveUp, type Search, scoresOf } from '../cycle.ts'
import { fitMessage } from '../fit-error.ts'
import { EXTENDER, type Preemption } from '../framework.ts'
import type { NodeList } from '../node-list.ts'
import { leastHarm } from '../plugins/default-preemption.ts'
import type { Extender } from './extender.ts'

/** `extenders` are those that the pod is of interest to; rejects when one that is not ignorable fails. */
export async function decideWithExtenders(
  pod: Pod,
  nodes: NodeList,
  options: CycleOptions,
  extenders: readonly Extender[],
): Promise<Decision> {
  const isChosenByOthers = extenders.some(({ filters, prioritizes }) => filters || prioritizes)
  let search = findFeasible(pod, nodes, { ...options, isChosenByOthers })
  const isAsPromised = search.looked === 0 && search.feasible.length > 0
  await filter(pod, search, extenders)
  if (isAsPromised && search.feasible.length === 0) {
    // They would not have it where room was made for it: it is as any other pod.
    const { nominatedNodeName: _promised, ...status } = pod.status ?? {}
    search = findFeasible({ ...pod, status }, nodes, { ...options, isChosenByOthers })
    await filter(pod, search, extenders)
  }
  if (search.feasible.length === 0) return makeRoom(pod, search, giveUp(pod, search), extenders)
  const scores = scoresOf(pod, search)
  if (search.feasible.length > 1) {
    const asked = extenders.filter(({ prioritizes }) => prioritizes)
    const answers = await Promise.allSettled(asked.map((extender) => extender.prioritize(pod, search.feasible)))
    for (const [at, answer] of answers.entries()) {
      // Without its opinion the pod can be placed all the same.
      if (answer.status === 'rejected') continue
      const of = (what: 'raw' | 'weighted') => search.feasible.map(({ name }) => answer.value.get(name)?.[what] ?? 0)
      scores.add({ plugin: `${EXTENDER} ${asked[at]!.url}`, raw: of('raw'), weighted: of('weighted') })
    }
  }
  return choose(search, scores, options.random)
}

async function filter(pod: Pod, search: Search, extenders: readonly Extender[]): Promise<void> {
  for (const extender of extenders) {
    if (search.feasible.length === 0) return
    if (!extender.filters) continue
    const answer = await extender.filter(pod, search.feasible).catch(unlessIgnorable(extender))
    if (!answer) continue
    const { fits, failed, unresolvable } = answer
    for (const [name, reason] of [...failed, ...unresolvable]) {
      search.rejections.set(name, { plugin: EXTENDER, reasons: [reason], unresolvable: unresolvable.has(name) })
    }
    const stay = new Set(fits)
    for (const { name } of search.feasible.filter((node) => !stay.has(node))) {
      if (!search.rejections.has(name))
        search.rejections.set(name, { plugin: EXTENDER, reasons: [], unresolvable: true })
    }
    search.feasible = fits
  }
}

async function makeRoom(
  pod: Pod,
  { nodes, rejections }: Search,
  decision: Decision,
  extenders: readonly Extender[],
): Promise<Decision> {
  const asked = extenders.filter(({ preempts }) => preempts)
  let candidates: readonly Preemption[] = decision.postFilter?.candidates ?? []
  if (candidates.length === 0 || asked.length === 0) return decision
  for (const extender of asked) {
    if (candidates.length === 0) break
    candidates = (await extender.preempt(pod, candidates, nodes).catch(unlessIgnorable(extender))) ?? candidates
  }
  const preemption = leastHarm(candidates)
  const { errand } = decision.postFilter ?? {}
  const rest = errand ? { errand } : {}
  if (preemption) return { ...decision, postFilter: { message: '', preemption, ...rest } }
  const postFilter = { message: 'preemption: no candidate node for preemption', clearsNomination: true, ...rest }
  return {
    ...decision,
    postFilter,
    message: fitMessage(nodes.size, { byNode: rejections, postFilter: postFilter.message }),
  }
}

const unlessIgnorable = (extender: Extender) => (err: unknown) => {
  if (!extender.isIgnorable) throw err
  return undefined
}

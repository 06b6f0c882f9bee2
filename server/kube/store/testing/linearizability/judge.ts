// Is there an order of all operations in which a store that does one thing after the other would have answered the same,
// and in which nothing comes before what was over when it began? Herlihy and Wing call such a history linearizable.
//
// Keys do not know of each other, so each is judged by itself. The search is Wing and Gong's, with Lowe's memory of what
// has been tried: take any operation that may come next, see whether the answer fits, go on from there, or go back.
//
//     a  |----put 1----|            c may be first, though it was asked last; it may not come after b, which
//     b        |--get: 1--|         has heard of 1, if it says that nothing was there
//     c            |--get: nothing--|

import type { Operation } from './history.ts'

/** What a key holds. Of a write whose answer was lost the revision is not known until somebody sees it. */
interface State {
  value: string | undefined
  modified: number | undefined
}

const NOTHING: State = { value: undefined, modified: 0 }

/** The first key whose answers no order explains, with its operations; or nothing. */
export function findViolation(operations: readonly Operation[]): { key: string; operations: Operation[] } | undefined {
  for (const [key, ofKey] of Map.groupBy(operations, (operation) => operation.key)) {
    if (!isLinearizable(ofKey)) return { key, operations: ofKey }
  }
  return undefined
}

function isLinearizable(unsorted: Operation[]): boolean {
  // A get that was not answered tells nothing.
  const operations = unsorted
    .filter((operation) => operation.heard || operation.asked.type !== 'get')
    .sort((a, b) => a.from - b.from)
  const left = operations.filter(({ heard }) => heard).length
  const tried = new Set<string>()
  const isDone = new Uint8Array(operations.length)
  /** All before it are done. */
  const firstOpen = (from: number) => {
    let first = from
    while (first < operations.length && isDone[first]) first++
    return first
  }
  // By hand, not by recursion: a history is longer than a stack is deep.
  const path: { choices: { index: number; state: State }[]; first: number; left: number; taken?: number }[] = []
  const open = (state: State, from: number, remaining: number) => {
    const first = firstOpen(from)
    path.push({ choices: choicesFrom(operations, isDone, first, state), first, left: remaining })
  }
  open(NOTHING, 0, left)
  for (let step = path.at(-1); step; step = path.at(-1)) {
    if (step.left === 0) return true
    if (step.taken !== undefined) {
      isDone[step.taken] = 0
      delete step.taken
    }
    const choice = step.choices.pop()
    if (!choice) {
      path.pop()
      continue
    }
    isDone[choice.index] = 1
    step.taken = choice.index
    const mark = markOf(isDone, firstOpen(step.first), choice.state)
    if (tried.has(mark)) continue
    tried.add(mark)
    open(choice.state, step.first, step.left - (operations[choice.index]?.heard ? 1 : 0))
  }
  return false
}

/** Whatever was asked before the first of those that are open was answered may come next, if its answer fits. */
function choicesFrom(operations: Operation[], isDone: Uint8Array, first: number, state: State) {
  const choices: { index: number; state: State }[] = []
  let earliestEnd = Number.POSITIVE_INFINITY
  for (let index = first; index < operations.length; index++) {
    const operation = operations[index] as Operation
    if (operation.from > earliestEnd) break
    if (isDone[index]) continue
    earliestEnd = Math.min(earliestEnd, operation.to)
    const next = after(state, operation)
    if (next) choices.push({ index, state: next })
  }
  // Taken from the end: the earliest first, and those that may never have been done when all else fails.
  const isAnswered = ({ index }: { index: number }) => Number(operations[index]?.heard !== undefined)
  return choices.reverse().sort((a, b) => isAnswered(a) - isAnswered(b))
}

function markOf(isDone: Uint8Array, first: number, { value, modified }: State): string {
  return `${first} ${Buffer.from(isDone.subarray(first)).toString('latin1').replace(/\0+$/, '')} ${value} ${modified}`
}

/** What a key holds after the operation, if its answer is the one that this state gives. */
function after(state: State, { asked, heard }: Operation): State | undefined {
  if (!heard) return afterUnanswered(state, asked)
  switch (asked.type) {
    case 'get':
      return agreed(state, heard.found)
    case 'put':
      return { value: asked.value, modified: heard.revision }
    case 'delete':
      if (heard.done !== (state.value !== undefined)) return undefined
      return heard.done ? { value: undefined, modified: 0 } : state
    case 'swap': {
      if (!heard.done) {
        return (heard.found?.modified ?? 0) === asked.ifModified ? undefined : agreed(state, heard.found)
      }
      const isAsExpected = state.value === undefined ? asked.ifModified === 0 : isModifiedAt(state, asked.ifModified)
      return isAsExpected ? { value: asked.value, modified: heard.revision } : undefined
    }
  }
}

function afterUnanswered(state: State, asked: Operation['asked']): State | undefined {
  if (asked.type === 'put') return { value: asked.value, modified: undefined }
  if (asked.type === 'delete') return NOTHING
  if (asked.type === 'swap') {
    const fits = state.value === undefined ? asked.ifModified === 0 : isModifiedAt(state, asked.ifModified)
    return fits ? { value: asked.value, modified: undefined } : undefined
  }
  return undefined
}

/** Somebody has seen this; if it agrees, we know the revision from now on. */
function agreed(state: State, found: { value: string; modified: number } | undefined): State | undefined {
  if (found?.value !== state.value) return undefined
  if (!found) return state
  return isModifiedAt(state, found.modified) ? { value: found.value, modified: found.modified } : undefined
}

function isModifiedAt({ modified }: State, revision: number): boolean {
  return modified === undefined || modified === revision
}

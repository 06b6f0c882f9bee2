// The two promises about revisions: they go forward as time does, for all keys together, and a watch tells each of them
// once, in their order.

import type { StoreEvent } from '../../store.ts'
import type { Operation } from './history.ts'

/** A write is newer than all that anybody was told of before it was asked for, and a read no older. */
export function revisionProblems(operations: readonly Operation[]): string[] {
  const problems: string[] = []
  const answered = operations.filter((operation) => operation.heard)
  const moments = answered
    .flatMap((operation) => [
      { at: operation.from, operation, isEnd: false },
      { at: operation.to, operation, isEnd: true },
    ])
    .sort((a, b) => a.at - b.at)
  const newestWhenAsked = new Map<Operation, number>()
  let newest = 0
  for (const { operation, isEnd } of moments) {
    const revision = operation.heard?.revision ?? 0
    if (!isEnd) newestWhenAsked.set(operation, newest)
    else {
      const before = newestWhenAsked.get(operation) ?? 0
      if (revision < before || (isWrite(operation) && revision === before)) {
        problems.push(`${describe(operation)} although ${before} had been heard of before it was asked`)
      }
      newest = Math.max(newest, revision)
    }
  }
  for (const [revision, writes] of Map.groupBy(answered.filter(isWrite), ({ heard }) => heard?.revision)) {
    if (writes.length > 1) problems.push(`revision ${revision} is that of ${writes.map(describe).join(' and of ')}`)
  }
  return problems
}

/** What a watch on everything, from revision 2 on, has told so far; `last` is how far it must have come. */
export function watchProblems(
  operations: readonly Operation[],
  told: readonly { revision: number; events: StoreEvent[] }[],
  last: number,
): string[] {
  const problems: string[] = []
  let before = 1
  for (const { revision } of told) {
    if (revision !== before + 1) problems.push(`the watch tells revision ${revision} after ${before}`)
    before = revision
  }
  if (before !== last) problems.push(`the watch ends with revision ${before}, the store with ${last}`)
  const writes = new Map(operations.filter(isWrite).map((each) => [each.heard?.revision ?? 0, each]))
  const unanswered = new Set(
    operations.filter(({ heard }) => !heard).map(({ key, asked }) => `${key} ${'value' in asked ? asked.value : ''}`),
  )
  for (const { revision, events } of told) {
    const [event] = events
    const what = event ? `${event.kv.key} ${event.kv.value}` : ''
    const write = writes.get(revision)
    const expected = write && `${write.key} ${'value' in write.asked ? write.asked.value : ''}`
    if (events.length !== 1) problems.push(`revision ${revision} has ${events.length} events`)
    else if (expected !== undefined && what !== expected) {
      problems.push(`the watch tells ${what} at ${revision}, which was ${expected}`)
    } else if (expected === undefined && !unanswered.has(what)) {
      problems.push(`the watch tells ${what} at ${revision}, which nobody wrote`)
    }
  }
  return problems
}

function isWrite({ asked, heard }: Operation): boolean {
  return heard !== undefined && asked.type !== 'get' && heard.done !== false
}

export function describe({ client, key, asked, heard, from, to }: Operation): string {
  const { type, ...more } = asked
  return `client ${client}: ${type} ${key} ${JSON.stringify(more)} [${from}, ${to}] -> ${JSON.stringify(heard ?? '?')}`
}

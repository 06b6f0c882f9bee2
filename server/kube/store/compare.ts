// The conditions of a transaction. Upstream: etcdserver/txn/txn.go (applyCompares).

import type { KeyIndex } from './key-index.ts'
import { isSingleKey } from './key-range.ts'
import type { Compare, KeyValue } from './store-interface.ts'

export function holds(compare: Compare, index: KeyIndex, revision: number): boolean {
  if (isSingleKey(compare)) return stateSatisfies(compare, index.at(compare.key, revision))
  let found = false
  let every = true
  index.visit(compare, revision, (state) => {
    found = true
    every = stateSatisfies(compare, state)
    return every
  })
  // A range without keys compares as one absent key.
  return found ? every : stateSatisfies(compare, undefined)
}

function stateSatisfies(compare: Compare, state: KeyValue | undefined): boolean {
  const order = compareTo(compare, state)
  if (order === undefined) return false
  switch (compare.result) {
    case '=':
      return order === 0
    case '!=':
      return order !== 0
    case '<':
      return order < 0
    case '>':
      return order > 0
  }
}

function compareTo(compare: Compare, state: KeyValue | undefined): number | undefined {
  if (compare.target === 'value') {
    // An absent key has no value, not an empty one: nothing at all is true of it.
    return state && Buffer.compare(state.value, compare.value as Buffer)
  }
  const number = numberOf(compare.target, state)
  const wanted = compare.value as number | bigint
  return number < wanted ? -1 : number > wanted ? 1 : 0
}

function numberOf(target: 'mod' | 'create' | 'version' | 'lease', state: KeyValue | undefined): number | bigint {
  if (!state) return 0
  switch (target) {
    case 'mod':
      return state.modRevision
    case 'create':
      return state.createRevision
    case 'version':
      return state.version
    case 'lease':
      return state.lease
  }
}

import type { ControllerRevision } from 'kubernetes-types/apps/v1'
import { expect, it } from 'vitest'
import { beyondLimit, REVISION_HASH } from './revision-history.ts'

const revision = (number: number): ControllerRevision => ({
  metadata: { name: `r${number}`, labels: { [REVISION_HASH]: `h${number}` } },
  revision: number,
})

it.each<{ name: string; limit: number; inUse: number[]; forSet: string[]; forDaemons: string[] }>([
  { name: 'none while there are few', limit: 3, inUse: [4], forSet: [], forDaemons: [] },
  { name: 'the oldest', limit: 2, inUse: [4], forSet: ['r1'], forDaemons: ['r1'] },
  { name: 'all but the newest', limit: 0, inUse: [4], forSet: ['r1', 'r2', 'r3'], forDaemons: ['r1', 'r2', 'r3'] },
  {
    name: 'what no pod is of, though one that a pod is of is older',
    limit: 2,
    inUse: [4, 1],
    forSet: [],
    forDaemons: ['r2'],
  },
  { name: 'no more than no pod is of', limit: 0, inUse: [4, 1, 2], forSet: ['r3'], forDaemons: ['r3'] },
])('of four revisions forgets $name', ({ limit, inUse, forSet, forDaemons }) => {
  const revisions = [3, 1, 4, 2].map(revision)
  const kept = { revisions, limit, inUse: new Set(inUse.map((number) => `h${number}`)) }
  const names = (those: readonly ControllerRevision[]) => those.map(({ metadata }) => metadata?.name)
  expect(names(beyondLimit(kept))).toEqual(forSet)
  expect(names(beyondLimit({ ...kept, newest: revision(4) }))).toEqual(forDaemons)
})

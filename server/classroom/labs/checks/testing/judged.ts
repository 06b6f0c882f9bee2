// A table of checks, clusters and what is said about them.

import { expect, it } from 'vitest'
import type { Check } from '../../check.ts'
import type { ClusterView } from '../../cluster-view.ts'

export interface Judged {
  name: string
  check: Check
  cluster: ClusterView
  state: 'ok' | 'waiting' | 'failed'
  /** Part of the message. */
  says?: string
}

export function judge(rows: readonly Judged[]): void {
  it.each(rows)('$name: $state', ({ check, cluster, state, says }) => {
    const verdict = check.judge(cluster)
    expect([verdict.state, verdict.message]).toEqual([state, says ? expect.stringContaining(says) : verdict.message])
    if (state === 'ok') expect(verdict).toMatchObject({ message: '', credit: 1 })
    else {
      expect(verdict.message).not.toBe('')
      expect(verdict.credit).toBeLessThan(1)
    }
  })
}

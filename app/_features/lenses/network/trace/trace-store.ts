// What is typed into the form of a trace, and what came of it.

import type { TracedRequest, TraceQuestion } from '../../../../../server/observe/index.ts'
import { api, wordsOf } from '../../../../_api/api-client.ts'

export interface TraceDraft {
  /** `pod default/client`, `machine node-1`; empty: the first that there is. */
  from: string
  to: string
  protocol: TraceQuestion['protocol']
}

export class TraceStore {
  draft: TraceDraft = { from: '', to: '', protocol: 'tcp' }
  isUnderWay = false
  traced: TracedRequest | undefined
  /** The hop that is looked at, by its number. */
  pointed: number | undefined
  /** Why there is none. */
  problem = ''
  private version = 0
  private viewers = new Set<() => void>()

  subscribe = (viewer: () => void): (() => void) => {
    this.viewers.add(viewer)
    return () => this.viewers.delete(viewer)
  }

  snapshot = (): number => this.version

  type(draft: Partial<TraceDraft>): void {
    this.draft = { ...this.draft, ...draft }
    this.changed()
  }

  forget(): void {
    this.traced = undefined
    this.pointed = undefined
    this.problem = ''
    this.changed()
  }

  /** At the same again: at none. */
  point(number: number): void {
    this.pointed = this.pointed === number ? undefined : number
    this.changed()
  }

  async trace(sessionId: string, question: TraceQuestion): Promise<void> {
    if (this.isUnderWay) return
    this.isUnderWay = true
    this.problem = ''
    this.changed()
    const answer = await api.picture.trace.mutate({ sessionId, question }).catch(wordsOf)
    this.isUnderWay = false
    if (typeof answer === 'string') this.problem = answer
    else this.traced = answer
    this.pointed = undefined
    this.changed()
  }

  private changed(): void {
    this.version++
    for (const viewer of this.viewers) viewer()
  }
}

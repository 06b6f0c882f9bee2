// What the lens asks and is answered, for one session: subscribed while some part of the lens is on the page, so that the
// answer follows the policy; of an earlier moment, asked once.

import type { AccessPush, AccessQuestion } from '../../../../server/observe/index.ts'
import { api, wordsOf } from '../../../_api/api-client.ts'
import type { Draft } from './draft.ts'

const askAfterMs = 150
const againAfterMs = 1000

/** `revision`: of the policy as it was then. */
export interface Asked {
  question: AccessQuestion
  revision?: number | undefined
}

export const keyOf = ({ question, revision }: Asked): string => JSON.stringify({ question, revision })

export class AccessStore {
  /** What somebody typed; undefined: the lens is about the chosen request. */
  draft: Draft | undefined
  /** What was chosen when it was typed: choosing something else ends the question. */
  draftFor = ''
  problem = ''
  /** For the pickers, whatever is asked. */
  subjects: AccessPush['subjects'] = []
  private answer: { key: string; push: AccessPush } | undefined
  private version = 0
  private viewers = new Set<() => void>()
  private users = 0
  private key = ''
  private subscription: { unsubscribe(): void } | undefined
  private asking: ReturnType<typeof setTimeout> | undefined

  subscribe = (viewer: () => void): (() => void) => {
    this.viewers.add(viewer)
    return () => this.viewers.delete(viewer)
  }

  snapshot = (): number => this.version

  type(draft: Draft | undefined, draftFor: string): void {
    this.draft = draft
    this.draftFor = draftFor
    this.changed()
  }

  /** The answer to that question, once it is there. */
  answerTo(key: string): AccessPush | undefined {
    return this.answer?.key === key ? this.answer.push : undefined
  }

  /** Asks until the returned function is called; all parts of the lens ask the same. */
  open(sessionId: string, key: string): () => void {
    this.users++
    if (key !== this.key) {
      this.key = key
      this.close()
      this.askLater(sessionId, askAfterMs)
    }
    return () => {
      this.users--
      if (this.users > 0) return
      this.close()
      this.key = ''
    }
  }

  private askLater(sessionId: string, afterMs: number): void {
    this.asking = setTimeout(() => this.ask(sessionId), afterMs)
  }

  private ask(sessionId: string): void {
    const { key } = this
    const { question, revision } = JSON.parse(key) as Asked
    const failed = (error: unknown) => {
      if (key !== this.key) return
      this.problem = wordsOf(error)
      this.changed()
      this.askLater(sessionId, againAfterMs)
    }
    if (revision !== undefined) {
      api.picture.accessAt.query({ sessionId, question, revision }).then((push) => push && this.take(key, push), failed)
      return
    }
    this.subscription = api.picture.access.subscribe(
      { sessionId, question },
      {
        onData: (push) => this.take(key, push),
        onComplete: () => this.askLater(sessionId, againAfterMs),
        onError: failed,
      },
    )
  }

  private take(key: string, push: AccessPush): void {
    if (key !== this.key) return
    this.answer = { key, push }
    this.subjects = push.subjects
    this.problem = ''
    this.changed()
  }

  private close(): void {
    clearTimeout(this.asking)
    this.subscription?.unsubscribe()
    this.subscription = undefined
  }

  private changed(): void {
    this.version++
    for (const viewer of this.viewers) viewer()
  }
}

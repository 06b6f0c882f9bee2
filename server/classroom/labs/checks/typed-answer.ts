// Judges what the learner typed into an answer block, against the cluster as it is. What is right is never written down:
// it is asked of the cluster, like everything else.

import { type Check, failed, ok, waiting } from '../check.ts'
import type { ClusterView } from '../cluster-view.ts'

export interface TypedAnswerWish {
  /** The check's aim, as a statement. */
  aim: string
  /** What is right now; undefined while the cluster cannot tell. */
  right: (cluster: ClusterView) => string | undefined
  /** Said while it cannot tell. */
  missing: string
  /** What to say to a wrong answer: why it is not that one, and where to look. */
  wrong: (text: string, cluster: ClusterView) => string
}

/** `id` is the answer block's. */
export function typedAnswer(id: string, { aim, right, missing, wrong }: TypedAnswerWish): Check {
  return {
    id,
    aim,
    rightAnswer: right,
    judge(cluster) {
      const text = cluster.answers[id]?.trim() ?? ''
      const wish = right(cluster)
      const seen = { saw: text === '' ? 'no answer' : `“${text}”`, wanted: 'the answer that the cluster gives' }
      if (wish === undefined) return waiting(missing, seen)
      if (text === '') return waiting('Find it out, and type it above.', seen)
      return isSame(text, wish) ? ok(seen) : failed(wrong(text, cluster), seen)
    },
  }
}

/** Quotes, blanks and capitals are how people copy, not what they mean. */
const isSame = (one: string, other: string) => plain(one) === plain(other)
const plain = (text: string) => text.replace(/["'`\s]/g, '').toLowerCase()

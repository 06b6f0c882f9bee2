// What an object was, asked of the store again whenever the object was written.

import { useEffect, useState } from 'react'
import { api, wordsOf } from '../../../_api/api-client.ts'
import type { LensProps } from '../lens.ts'
import type { ObjectRef } from '../picture/selection.ts'

export interface Version {
  revision: number
  object: Record<string, unknown>
}

export interface Versions {
  /** Newest first. */
  versions: Version[]
  /** Down to the one that was created. */
  isWhole: boolean
  compactRevision: number
  problem: string
}

const most = 20
const askAfterMs = 150
const nothing: Versions = { versions: [], isWhole: false, compactRevision: 0, problem: '' }

export function useVersions({ store, sessionId }: LensProps, object: ObjectRef | undefined): Versions {
  const [known, setKnown] = useState<{ key: string; answer: Versions }>({ key: '', answer: nothing })
  const [last] = object ? store.model.appendsOf(object, 1) : []
  const isGone = last?.event.operation === 'delete'
  const upTo = isGone ? last.event.revision - 1 : store.moment?.revision
  const key = object ? `${object.group} ${object.resource} ${object.namespace} ${object.name}` : ''
  // biome-ignore lint/correctness/useExhaustiveDependencies: `key` stands for the object, the last revision for its being new
  useEffect(() => {
    if (!object || !sessionId) return
    let isOver = false
    const { group, resource, namespace, name } = object
    const asked = { group, resource, namespace, name, limit: most, ...(upTo ? { upTo } : {}) }
    // A burst of writes is one question.
    const timer = setTimeout(() => {
      api.picture.versions.query({ sessionId, object: asked }).then(
        (answer) => {
          if (isOver) return
          store.live.heardOfCompaction(answer?.compactRevision ?? 0)
          setKnown({ key, answer: { ...nothing, ...answer } })
        },
        (error) => !isOver && setKnown({ key, answer: { ...nothing, problem: wordsOf(error) } }),
      )
    }, askAfterMs)
    return () => {
      isOver = true
      clearTimeout(timer)
    }
  }, [key, sessionId, last?.event.revision, upTo])
  return known.key === key ? known.answer : nothing
}

// Pods of a Job, and the Job, as its decisions see them.

import type { Job } from 'kubernetes-types/batch/v1'
import type { Pod } from 'kubernetes-types/core/v1'

export const NOW = Date.parse('2026-01-01T01:00:00Z')
const TRACKED = 'batch.kubernetes.io/job-tracking'

interface Told {
  phase?: string
  tracked?: boolean
  index?: number
  failures?: number
  going?: boolean
  code?: number
  ago?: number
  condition?: string
}

export function pod(
  uid: string,
  { phase = 'Running', tracked = true, index, failures = 0, going, code, ago = 0, condition }: Told = {},
): Pod {
  const finishedAt = new Date(NOW - ago * 1000).toISOString()
  return {
    metadata: {
      uid,
      name: uid,
      namespace: 'default',
      ...(tracked ? { finalizers: [TRACKED] } : {}),
      ...(going ? { deletionTimestamp: finishedAt } : {}),
      annotations:
        index === undefined
          ? {}
          : {
              'batch.kubernetes.io/job-completion-index': String(index),
              'batch.kubernetes.io/job-index-failure-count': String(failures),
            },
    },
    status: {
      phase,
      conditions: condition ? [{ type: condition, status: 'True' }] : [],
      containerStatuses:
        code === undefined
          ? []
          : [
              {
                name: 'main',
                ready: false,
                restartCount: 0,
                image: '',
                imageID: '',
                state: { terminated: { exitCode: code, finishedAt } },
              },
            ],
    },
  }
}
export const job = (spec: object = {}, status: object = {}): Job => ({
  metadata: { name: 'pi', namespace: 'default' },
  spec: { completions: 3, parallelism: 2, backoffLimit: 6, completionMode: 'NonIndexed', template: {}, ...spec },
  status,
})

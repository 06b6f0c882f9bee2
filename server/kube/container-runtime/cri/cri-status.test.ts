import { expect, it } from 'vitest'
import { containerStatusOf } from './cri-status.ts'

type Told = Parameters<typeof containerStatusOf>

it('does not end before it began, whichever containerd heard of first', () => {
  const status = {
    labels: [],
    annotations: [],
    state: 2,
    createdAt: 1e15,
    startedAt: 1e15 + 1.6e6,
    finishedAt: 1e15 + 1.2e6,
  }
  const told = containerStatusOf({} as Told[0], status as unknown as Told[1], { resources: undefined, lastWords: '' })
  expect(told.finishedAt).toBe(told.startedAt)
  const running = containerStatusOf({} as Told[0], { ...status, finishedAt: 0 } as unknown as Told[1], {
    resources: undefined,
    lastWords: '',
  })
  expect(running.finishedAt).toBe(0)
})

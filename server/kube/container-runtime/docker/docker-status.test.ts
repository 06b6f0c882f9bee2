import { expect, it } from 'vitest'
import { containerStatusOf, type Inspected } from './docker-status.ts'

function inspected(state: object): Inspected {
  return {
    Id: 'c1',
    Image: 'sha256:1',
    Created: '2026-11-28T05:47:26.900Z',
    Config: { Image: 'busybox', Labels: {} },
    HostConfig: {},
    State: { Status: 'exited', ExitCode: 3, Error: '', OOMKilled: false, ...state },
    lastWords: '',
  } as unknown as Inspected
}

it('does not end before it began, whichever the engine heard of first', () => {
  const told = containerStatusOf(
    inspected({ StartedAt: '2026-11-28T05:47:26.955Z', FinishedAt: '2026-11-28T05:47:26.953Z' }),
  )
  expect(told.finishedAt).toBe(told.startedAt)
})

it('has no end while it runs', () => {
  const running = { Status: 'running', StartedAt: '2026-11-28T05:47:26.955Z', FinishedAt: '0001-01-01T00:00:00Z' }
  expect(containerStatusOf(inspected(running)).finishedAt).toBe(0)
})

it('ended when it was made, if it never ran', () => {
  const never = {
    Status: 'created',
    ExitCode: 127,
    StartedAt: '0001-01-01T00:00:00Z',
    FinishedAt: '0001-01-01T00:00:00Z',
  }
  const told = containerStatusOf(inspected(never))
  expect(told).toMatchObject({ state: 'exited', reason: 'ContainerCannotRun', finishedAt: told.createdAt })
})

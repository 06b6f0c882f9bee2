import type { Pod, Service } from 'kubernetes-types/core/v1'
import { describe, expect, it } from 'vitest'
import { ChangeTimes, withChangeTime } from './change-times.ts'

const at = (second: number) => new Date(Date.UTC(2026, 0, 1, 0, 0, second)).toISOString().replace('.000', '')
const service = (second: number): Service => ({
  metadata: { namespace: 'default', name: 'web', creationTimestamp: at(second) },
})
const pod = (name: string, second?: number): Pod => ({
  metadata: { name },
  ...(second === undefined
    ? {}
    : { status: { conditions: [{ type: 'Ready', status: 'True', lastTransitionTime: at(second) }] } }),
})

describe('the time of the first change since the last look', () => {
  const before = [pod('a', 10), pod('b', 20), pod('silent')]
  it.each<[string, Pod[], string | undefined]>([
    ['no change', before, undefined],
    ['a pod that turned ready or unready', [pod('a', 30), pod('b', 20)], at(30)],
    ['the earliest of two', [pod('a', 32), pod('b', 31)], at(31)],
    ['a new pod, also one that has been ready for long', [...before, pod('c', 5)], at(5)],
    ['a pod whose clock was put back', [pod('a', 9), pod('b', 20)], undefined],
    ['a pod that has gone', [pod('a', 10)], undefined],
    ['a pod that says its first word', [pod('a', 10), pod('b', 20), pod('silent', 25)], at(25)],
  ])('%s', (_, pods, expected) => {
    const times = new ChangeTimes()
    times.since(service(1), before)
    expect(times.since(service(1), pods)).toBe(expected)
  })

  it('of a Service not seen before, or forgotten, is when it was made', () => {
    const times = new ChangeTimes()
    expect(times.since(service(1), [pod('a', 10)])).toBe(at(1))
    times.forget('default/web')
    expect(times.since(service(1), [pod('a', 30)])).toBe(at(1))
  })

  it('of a Service made anew is when that was', () => {
    const times = new ChangeTimes()
    times.since(service(1), before)
    expect(times.since(service(40), before)).toBe(at(40))
  })
})

it('stands beside the other annotations, and goes when there is none to tell', () => {
  const told = withChangeTime({ mine: 'yes' }, at(1))
  expect(told).toEqual({ mine: 'yes', 'endpoints.kubernetes.io/last-change-trigger-time': at(1) })
  expect(withChangeTime(told, undefined)).toEqual({ mine: 'yes' })
})

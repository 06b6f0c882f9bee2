import type { HorizontalPodAutoscalerBehavior } from 'kubernetes-types/autoscaling/v2'
import { describe, expect, it } from 'vitest'
import { decide, ScalingMemory } from './behavior.ts'

const rules = (policies: string[], told: object = {}) => ({
  policies: policies.map((text) => {
    const [type = '', value, periodSeconds] = text.split(' ')
    return { type, value: Number(value), periodSeconds: Number(periodSeconds) }
  }),
  selectPolicy: 'Max',
  stabilizationWindowSeconds: 0,
  ...told,
})
const NOW = 1_000_000
/** `recommended` and `changes`: how many seconds ago, how many. */
interface Case {
  current: number
  wanted: number
  behavior?: HorizontalPodAutoscalerBehavior
  recommended?: [number, number][]
  changes?: [number, number][]
  bounds?: { min: number; max: number }
}
function decided({ recommended = [], changes = [], bounds = { min: 1, max: 100 }, ...told }: Case) {
  const memory = new ScalingMemory()
  for (const [ago, replicas] of recommended) memory.recommend(replicas, NOW - ago * 1000, 3600)
  for (const [ago, by] of changes) memory.rescaled(by, NOW - ago * 1000, 3600)
  const { replicas, able, limited } = decide({ behavior: undefined, ...told, bounds, memory, now: NOW })
  return [replicas, able.reason, limited.reason]
}

const both = { scaleUp: rules(['Pods 4 60', 'Percent 50 60']), scaleDown: rules(['Pods 2 60', 'Percent 10 60']) }
const least = (side: 'scaleUp' | 'scaleDown') => ({ ...both, [side]: { ...both[side], selectPolicy: 'Min' } })
const none = (side: 'scaleUp' | 'scaleDown') => ({ ...both, [side]: { ...both[side], selectPolicy: 'Disabled' } })
const slow = { scaleUp: { ...both.scaleUp, stabilizationWindowSeconds: 60 }, scaleDown: both.scaleDown }

describe('how many there will be', () => {
  it.each<[string, Case, (string | number)[]]>([
    ['what is wanted', { current: 3, wanted: 5 }, [5, 'ReadyForNewScale', 'DesiredWithinRange']],
    ['at most twice as many', { current: 3, wanted: 50 }, [6, 'ReadyForNewScale', 'ScaleUpLimit']],
    ['four of a single one', { current: 1, wanted: 50 }, [4, 'ReadyForNewScale', 'ScaleUpLimit']],
    [
      'no more than there may be',
      { current: 3, wanted: 6, bounds: { min: 1, max: 5 } },
      [5, 'ReadyForNewScale', 'TooManyReplicas'],
    ],
    [
      'no fewer than there must be',
      { current: 5, wanted: 1, bounds: { min: 2, max: 9 } },
      [2, 'ReadyForNewScale', 'TooFewReplicas'],
    ],
    [
      'the most of five minutes',
      { current: 8, wanted: 2, recommended: [[299, 6]] },
      [6, 'ScaleDownStabilized', 'DesiredWithinRange'],
    ],
    [
      'no more of what is older',
      { current: 8, wanted: 2, recommended: [[301, 6]] },
      [2, 'ReadyForNewScale', 'DesiredWithinRange'],
    ],
    [
      'the most of five minutes, also when somebody has made it smaller',
      { current: 3, wanted: 2, recommended: [[60, 5]] },
      [5, 'ScaleDownStabilized', 'DesiredWithinRange'],
    ],
    [
      'not by rules of its own',
      { current: 3, wanted: 2, behavior: both, recommended: [[60, 5]] },
      [2, 'ReadyForNewScale', 'DesiredWithinRange'],
    ],
    [
      'the least of a window upwards',
      { current: 3, wanted: 9, behavior: slow, recommended: [[30, 4]] },
      [4, 'ScaleUpStabilized', 'DesiredWithinRange'],
    ],
    [
      'the greater of two policies up',
      { current: 10, wanted: 50, behavior: both },
      [15, 'ReadyForNewScale', 'ScaleUpLimit'],
    ],
    ['a few more of a few', { current: 2, wanted: 50, behavior: both }, [6, 'ReadyForNewScale', 'ScaleUpLimit']],
    [
      'the smaller where that is asked',
      { current: 10, wanted: 50, behavior: least('scaleUp') },
      [14, 'ReadyForNewScale', 'ScaleUpLimit'],
    ],
    [
      'what is left of a period',
      { current: 10, wanted: 50, behavior: both, changes: [[20, 3]] },
      [11, 'ReadyForNewScale', 'ScaleUpLimit'],
    ],
    [
      'all of the next period',
      { current: 10, wanted: 50, behavior: both, changes: [[61, 3]] },
      [15, 'ReadyForNewScale', 'ScaleUpLimit'],
    ],
    [
      'none where it is disabled',
      { current: 10, wanted: 50, behavior: none('scaleUp') },
      [10, 'ReadyForNewScale', 'ScaleUpLimit'],
    ],
    [
      'the greater of two policies down',
      { current: 50, wanted: 1, behavior: both },
      [45, 'ReadyForNewScale', 'ScaleDownLimit'],
    ],
    [
      'the smaller down',
      { current: 50, wanted: 1, behavior: least('scaleDown') },
      [48, 'ReadyForNewScale', 'ScaleDownLimit'],
    ],
    [
      'what is left of a period down',
      { current: 9, wanted: 1, behavior: both, changes: [[20, -1]] },
      [8, 'ReadyForNewScale', 'ScaleDownLimit'],
    ],
    [
      'none down where it is disabled',
      { current: 9, wanted: 1, behavior: none('scaleDown') },
      [9, 'ReadyForNewScale', 'ScaleDownLimit'],
    ],
  ])('%s', (_what, told, expected) => {
    expect(decided(told)).toEqual(expected)
  })
})

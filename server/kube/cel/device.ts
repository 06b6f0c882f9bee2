// What selectors of devices know: one device, its attributes and capacities by domain and name.
// Upstream: dynamic-resource-allocation/cel/compile.go.

import { type Cel, CelError } from './cel.ts'
import type { CelType } from './cel-type.ts'
import { estimateCost } from './estimate.ts'

const MOST_NAMES = 32
const LONGEST_VALUE = 64
const LONGEST_DRIVER = 63
const HIGHEST_COST = 1_000_000

const byDomainAndName = (values: CelType): CelType => ({
  kind: 'map',
  most: MOST_NAMES,
  values: { kind: 'map', most: MOST_NAMES, values },
})
const device: CelType = {
  kind: 'object',
  isOwn: true,
  fields: {
    driver: { kind: 'string', most: LONGEST_DRIVER },
    allowMultipleAllocations: { kind: 'bool' },
    attributes: byDomainAndName({ kind: 'dyn', most: LONGEST_VALUE }),
    capacity: byDomainAndName({ kind: 'own', type: 'kubernetes.Quantity' }),
  },
}

/** What is wrong with a selector; undefined when nothing is. */
export function selectorProblem(cel: Cel, expression: string): { isTooDear: boolean; why: string } | undefined {
  try {
    const { type, ast } = cel.environment({ device }).compile(expression)
    if (type !== 'bool' && type !== 'dyn') {
      return { isTooDear: false, why: `must evaluate to bool or the unknown type, not ${type}` }
    }
    const isTooDear = estimateCost(ast, { device }) > HIGHEST_COST
    return isTooDear ? { isTooDear, why: 'too complex, exceeds cost limit' } : undefined
  } catch (err) {
    if (err instanceof CelError) return { isTooDear: false, why: err.message }
    throw err
  }
}

// What selectors of devices know: one device, its attributes and capacities by domain and name.
// Upstream: dynamic-resource-allocation/cel/compile.go.

import { parseQuantity } from '../apimachinery/quantity.ts'
import { type Cel, CelError } from './cel.ts'
import type { CelType } from './cel-type.ts'
import { type AstNode, nodesOf } from './cost.ts'
import { estimateCost } from './estimate.ts'
import { readSemver } from './library/semver.ts'

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

/** At run time a domain of which the device has nothing is an empty map; whether it is one of the device's can be asked. */
const work: CelType = {
  ...device,
  fields: {
    ...device.fields,
    attributes: { kind: 'own', type: 'map<string, map<string, dyn>>' },
    capacity: { kind: 'own', type: 'map<string, map<string, kubernetes.Quantity>>' },
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

/** The part of a device that selectors see. */
export interface SelectableDevice {
  attributes?: Readonly<Record<string, object>>
  capacity?: Readonly<Record<string, { value: string | number }>>
  allowMultipleAllocations?: boolean
}

export interface DeviceSelector {
  /** Throws a CelError for what cannot be evaluated of this device. */
  matches(driver: string, device: SelectableDevice): { matches: boolean; cost: number }
}

/** Throws a CelError. */
export function compileDeviceSelector(cel: Cel, expression: string): DeviceSelector {
  const program = cel.environment({ device: work }).compile(expression)
  for (const node of nodesOf(program.ast)) if (node.op === 'in') looksForDomains(node)
  return {
    matches(driver, { attributes = {}, capacity = {}, allowMultipleAllocations = false }) {
      const told = {
        driver,
        allowMultipleAllocations,
        attributes: byDomain(driver, attributes, attributeValue),
        capacity: byDomain(driver, capacity, ({ value }) => parseQuantity(String(value))),
      }
      const { value, cost } = evaluate(program, told)
      if (typeof value !== 'boolean')
        throw new CelError(`CEL result of type ${typeof value} could not be converted to bool`)
      return { matches: value, cost }
    },
  }
}

function evaluate(program: ReturnType<ReturnType<Cel['environment']>['compile']>, told: object) {
  try {
    return program.evaluate({ device: told }, HIGHEST_COST)
  } catch (err) {
    if (!(err instanceof CelError) || !err.message.includes('no such key:')) throw err
    const hint = 'consider using CEL optional chaining (.? followed by orValue()) or guarding the check with has()'
    throw new CelError(`${err.message}. ${hint} for optional fields`, { cause: err, cost: err.cost })
  }
}

/** The library takes an object of its kind for one of JSON's own maps by its constructor. */
class Domains extends Map<string, Record<string, unknown>> {
  static {
    Object.defineProperty(Domains.prototype, 'constructor', { value: Map })
  }

  override get(domain: string): Record<string, unknown> {
    return super.get(domain) ?? {}
  }
}

function byDomain<T>(driver: string, values: Readonly<Record<string, T>>, read: (value: T) => unknown): Domains {
  const domains = new Domains()
  for (const [name, value] of Object.entries(values)) {
    const slash = name.indexOf('/')
    const [domain, id] = slash < 0 ? [driver, name] : [name.slice(0, slash), name.slice(slash + 1)]
    domains.set(domain, { ...domains.get(domain), [id]: read(value) })
  }
  return domains
}

/** What is asked of `in` is what is there. */
function looksForDomains(node: AstNode): void {
  const map = (node.args as AstNode[])[1]
  if (!map) return
  const before = map.meta.evaluate
  map.setMeta('evaluate', (evaluator, ast, context) => {
    const value = before(evaluator, ast, context)
    return value instanceof Domains ? new Map(value.entries()) : value
  })
}

function attributeValue(attribute: object): unknown {
  const [type = '', value] = (Object.entries(attribute)[0] ?? []) as [string?, unknown?]
  const one = (single: unknown) => {
    if (type.startsWith('int')) return BigInt(single as number)
    return type.startsWith('version') ? readSemver(single as string) : single
  }
  return Array.isArray(value) ? value.map(one) : one(value)
}

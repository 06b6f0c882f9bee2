// What a call may cost at most beyond its arguments, and how large its result may be.
// Upstream: apiserver/pkg/cel/library/cost.go, cel-go/checker/cost.go functionCost, cel-go/ext/{lists,sets}.go.

import { capped, fixed, type Known, type Size, UNBOUNDED, UNKNOWN, WALK, walk } from './estimate-size.ts'

interface Estimated {
  cost: number
  size?: Size
}

/** A pattern is about a quarter as many states as characters. */
const PATTERN = 0.25
const LONGEST_FORMAT = 128
const AN_AUTHORIZATION = 350_000

const patternCost = (text: Known, pattern: Known) =>
  capped(walk(text.size.max + 1) * Math.ceil(pattern.size.max * PATTERN))

/** The size of the elements of a list, where it is part of a variable. */
function elementSize({ type }: Known): Size {
  return type?.kind === 'list' ? { min: 0, max: type.items.most ?? 0 } : UNKNOWN
}

const isText = ({ kind }: Known) => kind === 'string' || kind === 'bytes'

const isOfTexts = ({ element }: Known) => element === 'string' || element === 'bytes'

/** One for each element, and the walk of each where they are texts. */
function compareAll(list: Known): Estimated {
  if (isText(list)) return { cost: walk(list.size.max) }
  return { cost: capped(list.size.max * (1 + (isOfTexts(list) ? walk(elementSize(list).max) : 0))) }
}

const times = (factor: number) => (text: Known) => ({ cost: capped(Math.ceil(text.size.max * WALK * factor)) })
const allocated = (size: Size, cost: number): Estimated => ({ cost: capped(cost + 11), size })

export function callEstimate(
  name: string,
  target: Known | undefined,
  args: readonly Known[],
  /** What is written out as a number. */
  literals: readonly (number | undefined)[],
): Estimated {
  const [first, second] = args
  switch (name) {
    case 'check':
      return { cost: AN_AUTHORIZATION }
    case 'dyn':
      return { cost: 1, size: first?.size ?? UNKNOWN }
    case 'size':
      return { cost: 1 }
    case 'matches':
      return { cost: patternCost(target ?? first!, target ? first! : second!) }
    case 'find':
    case 'findAll':
      return { cost: patternCost(target!, first!), size: { min: 0, max: target!.size.max } }
    case 'contains':
      if (target?.kind === 'namespace') return sets(first!, second!, 1)
      return { cost: capped(walk(target!.size.max) * walk(first!.size.max)) }
    case 'intersects':
      return sets(first!, second!, 1)
    case 'equivalent':
      return sets(first!, second!, 2)
    case 'startsWith':
    case 'endsWith':
      return { cost: walk(first!.size.max) }
    case 'isSorted':
    case 'sum':
    case 'max':
    case 'min':
    case 'indexOf':
    case 'lastIndexOf':
      return target ? compareAll(target) : { cost: 1 }
    case 'lowerAscii':
    case 'upperAscii':
    case 'substring':
    case 'trim':
      return { cost: walk(target!.size.max), size: target!.size }
    case 'replace':
      return { ...times(2)(target!), size: replaced(target!.size, first!.size, second!.size) }
    case 'split':
      return { ...times(2)(target!), size: { min: 0, max: literals[1] ?? target!.size.max } }
    case 'join':
      return joined(target!, first)
    case 'format':
      return { cost: walk(target!.size.max) }
    case 'string':
    case 'bytes':
      return isText(first!) && first!.kind !== name
        ? { cost: walk(first!.size.max), size: converted(first!.size, name) }
        : { cost: 1 }
    case 'url':
    case 'escapeKey':
      return { cost: walk(first!.size.max), size: first!.size }
    case 'ip':
    case 'cidr':
    case 'isIP':
    case 'isCIDR':
    case 'quantity':
    case 'isQuantity':
    case 'semver':
    case 'isSemver':
    case 'fieldSelector':
    case 'labelSelector':
      return { cost: first ? walk(first.size.max) : 1 }
    case 'isCanonical':
      return times(2)(first!)
    case 'containsIP':
      return { cost: 4 + (first!.kind === 'string' ? walk(first!.size.max) : 0) }
    case 'containsCIDR':
      return { cost: 7 + (first!.kind === 'string' ? walk(first!.size.max) : 0) }
    case 'validate':
      return { cost: capped(Math.ceil(walk(first!.size.max) * LONGEST_FORMAT * PATTERN)) }
    case 'slice': {
      const size = fixed(Math.max(0, (literals[1] ?? target!.size.max) - (literals[0] ?? 0)))
      return allocated(size, size.max)
    }
    case 'range':
      return allocated(fixed(literals[0] ?? UNBOUNDED), literals[0] ?? UNBOUNDED)
    case 'reverse':
      return isText(target!) ? { cost: 1 } : allocated(target!.size, target!.size.max)
    case 'flatten':
      return allocated(target!.size, target!.size.max * (literals[0] ?? (first ? UNBOUNDED : 1)))
    case 'distinct':
      return allocated({ min: 0, max: target!.size.max }, target!.size.max ** 2 * 2)
    case 'sort':
      return allocated(target!.size, Math.ceil(target!.size.max ** 2 * (isOfTexts(target!) ? 2.1 : 2)))
    default:
      return { cost: 1 }
  }
}

const sets = (a: Known, b: Known, factor: number): Estimated => ({ cost: capped(a.size.max * b.size.max * factor + 1) })

const converted = ({ min, max }: Size, to: string): Size =>
  to === 'bytes' ? { min, max: capped(max * 4) } : { min: Math.floor(min / 4), max }

/** The shortest parts replaced by the longest, as often as they fit. */
function replaced(text: Size, part: Size, by: Size): Size {
  if (part.min === 0) return { min: 0, max: capped((text.max + 1) * by.max + text.max) }
  if (by.max <= part.min) return { min: 0, max: text.max }
  return { min: 0, max: capped(Math.ceil(text.max / part.min) * by.max) }
}

function joined(list: Known, separator: Known | undefined): Estimated {
  const between = separator ? separator.size.max * Math.max(0, list.size.max - 1) : 0
  const max = capped(list.size.max * elementSize(list).max + between)
  return { cost: walk(max), size: { min: 0, max } }
}

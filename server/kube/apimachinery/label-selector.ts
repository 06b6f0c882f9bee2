// Label selectors in their two forms: the string of `kubectl -l` and of list requests, and the LabelSelector object in
// specs. Both become the same list of requirements. Upstream: apimachinery/pkg/labels/selector.go.

import { labelKeyProblems, labelValueProblems } from './names.ts'
import { ownOf } from './own.ts'
import { badRequest, type FieldError, fieldError } from './status-error.ts'

export type Labels = Readonly<Record<string, string>>

export interface Requirement {
  key: string
  operator: 'in' | 'notin' | 'exists' | '!' | 'gt' | 'lt'
  values: readonly string[]
}

export interface LabelSelector {
  matchLabels?: Record<string, string>
  matchExpressions?: { key: string; operator: string; values?: string[] }[]
}

/** All requirements must hold. An empty selector matches everything. */
export interface Selector {
  readonly requirements: readonly Requirement[]
  /** False only for `nothing`. */
  matches(labels: Labels | undefined): boolean
}

const NO_LABELS: Labels = Object.freeze({})

export function selectorOf(requirements: readonly Requirement[]): Selector {
  return {
    requirements,
    matches: (labels) => requirements.every((requirement) => holds(requirement, labels ?? NO_LABELS)),
  }
}

export const matchNothing: Selector = { requirements: [], matches: () => false }

function holds({ key, operator, values }: Requirement, labels: Labels): boolean {
  const value = Object.hasOwn(labels, key) ? labels[key] : undefined
  switch (operator) {
    case 'in':
      return value !== undefined && values.includes(value)
    case 'notin':
      return value === undefined || !values.includes(value)
    case 'exists':
      return value !== undefined
    case '!':
      return value === undefined
    case 'gt':
    case 'lt': {
      if (value === undefined || !/^-?\d+$/.test(value)) return false
      const [bound] = values
      return operator === 'gt' ? BigInt(value) > BigInt(bound ?? 0) : BigInt(value) < BigInt(bound ?? 0)
    }
  }
}

/** The object form. Absent selects nothing, empty selects everything, as upstream's LabelSelectorAsSelector. */
export function selectorOfObject(selector: LabelSelector | undefined): Selector {
  if (!selector) return matchNothing
  const fromLabels = Object.entries(selector.matchLabels ?? {}).map(
    ([key, value]): Requirement => ({ key, operator: 'in', values: [value] }),
  )
  const fromExpressions = (selector.matchExpressions ?? []).map(({ key, operator, values = [] }): Requirement => {
    const known = ownOf(OPERATOR_OF, operator)
    if (!known) throw new Error(`"${operator}" is not a valid label selector operator`)
    return { key, operator: known, values }
  })
  return selectorOf([...fromLabels, ...fromExpressions])
}

const OPERATOR_OF: Record<string, Requirement['operator']> = {
  In: 'in',
  NotIn: 'notin',
  Exists: 'exists',
  DoesNotExist: '!',
}

/** A plain map, as Service and ReplicationController select by. */
export function selectorOfMap(labels: Record<string, string> | undefined): Selector {
  return selectorOf(Object.entries(labels ?? {}).map(([key, value]) => ({ key, operator: 'in', values: [value] })))
}

/** `app=web,tier in (a,b),!canary`: the string that selects the same. */
export function formatSelector({ requirements }: Selector): string {
  return requirements
    .map(({ key, operator, values }) => {
      if (operator === 'exists') return key
      if (operator === '!') return `!${key}`
      if (operator === 'gt') return `${key}>${values[0]}`
      if (operator === 'lt') return `${key}<${values[0]}`
      if (operator === 'in' && values.length === 1) return `${key}=${values[0]}`
      return `${key} ${operator} (${[...values].sort().join(',')})`
    })
    .join(',')
}

/** Reads the string form; throws BadRequest in upstream's words. */
export function parseSelector(text: string): Selector {
  if (text.trim() === '') return selectorOf([])
  return selectorOf(new SelectorReader(text).read())
}

const TOKEN = /\s*(!=|==|[=!<>(),]|[^\s=!<>(),]+)/y

class SelectorReader {
  readonly #tokens: string[] = []
  #next = 0

  constructor(text: string) {
    TOKEN.lastIndex = 0
    const trimmed = text.trimEnd()
    while (TOKEN.lastIndex < trimmed.length) {
      const match = TOKEN.exec(trimmed)
      if (!match?.[1]) throw unparsable(`found '${trimmed}'`)
      this.#tokens.push(match[1])
    }
  }

  read(): Requirement[] {
    const requirements: Requirement[] = []
    for (;;) {
      requirements.push(this.#requirement())
      const separator = this.#take()
      if (separator === undefined) return requirements
      if (separator !== ',') throw unparsable(`found '${separator}', expected: ',' or 'end of string'`)
    }
  }

  #take(): string | undefined {
    return this.#tokens[this.#next++]
  }

  #peek(): string | undefined {
    return this.#tokens[this.#next]
  }

  #requirement(): Requirement {
    const first = this.#take()
    if (first === '!') return checked({ key: this.#key(this.#take()), operator: '!', values: [] })
    const key = this.#key(first)
    const operator = this.#peek()
    if (operator === undefined || operator === ',') return checked({ key, operator: 'exists', values: [] })
    this.#next++
    switch (operator) {
      case '=':
      case '==':
        return checked({ key, operator: 'in', values: [this.#value()] })
      case '!=':
        return checked({ key, operator: 'notin', values: [this.#value()] })
      case '>':
        return checked({ key, operator: 'gt', values: [this.#value()] })
      case '<':
        return checked({ key, operator: 'lt', values: [this.#value()] })
      case 'in':
      case 'notin':
        return checked({ key, operator, values: this.#values() })
      default:
        throw unparsable(`found '${operator}', expected: in, notin, =, ==, !=, gt, lt`)
    }
  }

  #key(token: string | undefined): string {
    if (token === undefined || /^[=!<>(),]/.test(token)) {
      throw unparsable(`found '${token ?? ''}', expected: !, identifier, or 'end of string'`)
    }
    return token
  }

  /** A value may be empty: `app=` and `app=,tier=x` are legal. */
  #value(): string {
    const token = this.#peek()
    if (token === undefined || token === ',') return ''
    this.#next++
    if (/^[=!<>(),]/.test(token)) throw unparsable(`found '${token}', expected: identifier`)
    return token
  }

  #values(): string[] {
    if (this.#take() !== '(') throw unparsable(`found '${this.#tokens[this.#next - 1] ?? ''}' expected: '('`)
    const values: string[] = []
    for (;;) {
      const token = this.#take()
      if (token === undefined) throw unparsable(`found '', expected: ',', ')' or identifier`)
      if (token === ')') return values.length > 0 ? values : ['']
      if (token === ',') values.push('')
      else {
        values.push(token)
        const after = this.#take()
        if (after === ')') return values
        if (after !== ',') throw unparsable(`found '${after ?? ''}', expected: ',' or ')'`)
      }
    }
  }
}

function checked(requirement: Requirement): Requirement {
  const [problem] = labelKeyProblems(requirement.key)
  if (problem) throw unparsable(`key: Invalid value: "${requirement.key}": ${problem}`)
  if (requirement.operator === 'gt' || requirement.operator === 'lt') {
    const [bound = ''] = requirement.values
    if (!/^-?\d+$/.test(bound)) {
      throw unparsable(`values[0]: Invalid value: "${bound}": for 'Gt', 'Lt' operators, the value must be an integer`)
    }
  }
  for (const [index, value] of requirement.values.entries()) {
    const [wrong] = labelValueProblems(value)
    if (wrong) throw unparsable(`values[${index}][${requirement.key}]: Invalid value: "${value}": ${wrong}`)
  }
  return requirement
}

function unparsable(problem: string) {
  return badRequest(`unable to parse requirement: ${problem}`)
}

/** What is wrong with a LabelSelector in a spec. Upstream: meta/v1/validation ValidateLabelSelector. */
export function labelSelectorErrors(selector: LabelSelector | undefined, field: string): FieldError[] {
  if (!selector) return []
  const errors: FieldError[] = []
  for (const [key, value] of Object.entries(selector.matchLabels ?? {})) {
    for (const problem of labelKeyProblems(key)) errors.push(fieldError.invalid(`${field}.matchLabels`, key, problem))
    for (const problem of labelValueProblems(value)) {
      errors.push(fieldError.invalid(`${field}.matchLabels`, value, problem))
    }
  }
  for (const [index, { key = '', operator = '', values = [] }] of (selector.matchExpressions ?? []).entries()) {
    const at = `${field}.matchExpressions[${index}]`
    if (!OPERATOR_OF[operator]) {
      errors.push(fieldError.invalid(`${at}.operator`, operator, 'not a valid selector operator'))
    } else if ((operator === 'In' || operator === 'NotIn') && values.length === 0) {
      errors.push(fieldError.required(`${at}.values`, "must be specified when `operator` is 'In' or 'NotIn'"))
    } else if ((operator === 'Exists' || operator === 'DoesNotExist') && values.length > 0) {
      errors.push(
        fieldError.forbidden(`${at}.values`, "may not be specified when `operator` is 'Exists' or 'DoesNotExist'"),
      )
    }
    for (const problem of labelKeyProblems(key)) errors.push(fieldError.invalid(`${at}.key`, key, problem))
    for (const [at2, value] of values.entries()) {
      for (const problem of labelValueProblems(value)) {
        errors.push(fieldError.invalid(`${at}.values[${at2}]`, value, problem))
      }
    }
  }
  return errors
}

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
      if (value === undefined || !isInteger(value)) return false
      const [bound] = values
      const [is, than] = [value, bound ?? '0'].map((text) => BigInt(text.replace('+', ''))) as [bigint, bigint]
      return operator === 'gt' ? is > than : is < than
    }
  }
}

/** Of 64 bits, as Go reads them. */
function isInteger(text: string): boolean {
  if (!/^[+-]?\d+$/.test(text)) return false
  const number = BigInt(text.replace('+', ''))
  return BigInt.asIntN(64, number) === number
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
  return selectorOf(new SelectorReader(text).read())
}

const TOKEN = /[ \t\r\n]*(!=|==|[=!<>(),]|[^ \t\r\n=!<>(),]+)/y
const BLANK_END = /[ \t\r\n]+$/
const OPERATORS: Readonly<Record<string, Requirement['operator']>> = {
  in: 'in',
  notin: 'notin',
  '=': 'in',
  '==': 'in',
  '!=': 'notin',
  '>': 'gt',
  '<': 'lt',
}

/** The end is the empty text. */
class SelectorReader {
  readonly #tokens: string[] = []
  #next = 0

  constructor(text: string) {
    TOKEN.lastIndex = 0
    const trimmed = text.replace(BLANK_END, '')
    while (TOKEN.lastIndex < trimmed.length) this.#tokens.push(TOKEN.exec(trimmed)?.[1] ?? '')
  }

  read(): Requirement[] {
    const requirements: Requirement[] = []
    const first = this.#peek()
    if (first === '') return requirements
    if (!isKeyAhead(first)) throw badRequest(`found '${first}', expected: !, identifier, or 'end of string'`)
    for (;;) {
      requirements.push(this.#requirement())
      const separator = this.#take()
      if (separator === '') return requirements
      if (separator !== ',') throw badRequest(`found '${separator}', expected: ',' or 'end of string'`)
      const ahead = this.#peek()
      if (!isKeyAhead(ahead)) throw badRequest(`found '${ahead}', expected: identifier after ','`)
    }
  }

  #take(): string {
    return this.#tokens[this.#next++] ?? ''
  }

  #peek(): string {
    return this.#tokens[this.#next] ?? ''
  }

  #requirement(): Requirement {
    const isNot = this.#peek() === '!'
    if (isNot) this.#next++
    const key = this.#take()
    if (!isWord(key)) throw unparsable(`found '${key}', expected: identifier`)
    const problems = labelKeyProblems(key)
    if (problems.length > 0) throw unparsable(`<nil>: Invalid value: "${key}": ${problems.join('; ')}`)
    if (isNot) return { key, operator: '!', values: [] }
    if (isEnd(this.#peek())) return { key, operator: 'exists', values: [] }
    const told = this.#take()
    const operator = ownOf(OPERATORS, told)
    if (!operator) throw unparsable(`found '${told}', expected: in, notin, =, ==, !=, gt, lt`)
    const isSet = told === 'in' || told === 'notin'
    // A set: each once, and in order.
    return checked({ key, operator, values: isSet ? [...new Set(this.#values())].sort() : [this.#value()] })
  }

  /** A value may be empty: `app=` and `app=,tier=x` are legal. */
  #value(): string {
    if (isEnd(this.#peek())) return ''
    const token = this.#take()
    if (!isWord(token)) throw unparsable(`found '${token}', expected: identifier`)
    return token
  }

  /** `(a,b)`; between two commas, and between one and a bracket, is the empty value. */
  #values(): string[] {
    const bracket = this.#take()
    if (bracket !== '(') throw unparsable(`found '${bracket}' expected: '('`)
    const values: string[] = []
    const first = this.#peek()
    if (first !== ',' && first !== ')' && !isWord(first)) {
      throw unparsable(`found '${first}', expected: ',', ')' or identifier`)
    }
    for (;;) {
      const token = this.#peek()
      if (token === ',' || token === ')') values.push('')
      else if (!isWord(token)) throw unparsable(`found '${token}', expected: ',', or identifier`)
      else values.push(this.#take())
      const after = this.#take()
      if (after === ')') return values
      if (after !== ',') throw unparsable(`found '${after}', expected: ',' or ')'`)
    }
  }
}

const isWord = (token: string) => token !== '' && !/^[=!<>(),]/.test(token)
const isKeyAhead = (token: string) => token === '!' || isWord(token)
const isEnd = (token: string) => token === '' || token === ','

function checked(requirement: Requirement): Requirement {
  const { key, operator, values } = requirement
  const isNumber = operator === 'gt' || operator === 'lt'
  const problems = values.flatMap((value, index) => {
    if (!isNumber || isInteger(value)) return []
    return [`values[${index}]: Invalid value: "${value}": for 'Gt', 'Lt' operators, the value must be an integer`]
  })
  for (const [index, value] of values.entries()) {
    const wrong = labelValueProblems(value)
    if (wrong.length > 0) problems.push(`values[${index}][${key}]: Invalid value: "${value}": ${wrong.join('; ')}`)
  }
  if (problems.length > 0) throw unparsable(problems.length > 1 ? `[${problems.join(', ')}]` : problems.join())
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

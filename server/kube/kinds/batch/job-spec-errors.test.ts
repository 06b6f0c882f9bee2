import { expect, it } from 'vitest'
import { Job } from '../index.ts'
import { problems } from '../testing/kind-facts.ts'
import { jobSpecErrors } from './job-spec-errors.ts'

const template = { spec: { restartPolicy: 'Never', containers: [{ name: 'a', image: 'a' }] } }
const many = { completionMode: 'Indexed', completions: 100_001, backoffLimitPerIndex: 1 }
const LIMITED =
  'must be less than or equal to 10000 when completions are above 100000 and used with backoff limit per index'
const rule = (pattern: object) => ({
  podFailurePolicy: { rules: [{ action: 'Ignore', onPodConditions: [pattern] }] },
})
const success = (...rules: object[]) => ({ completionMode: 'Indexed', completions: 5, successPolicy: { rules } })
const counted = (count: number, of: number, what: string) =>
  `succeededCount: Invalid value: ${count}: must be less than or equal to ${of} (the number of ${what})`
const FIRST = 'successPolicy.rules[0]'

it.each<{ name: string; spec: object; says: string[] }>([
  {
    name: 'pods start again, or not',
    spec: { template: { spec: { ...template.spec, restartPolicy: 'Sometimes' } } },
    says: ['template.spec.restartPolicy: Unsupported value: "Sometimes": supported values: "OnFailure", "Never"'],
  },
  {
    name: 'managers have names of their own domain',
    spec: { managedBy: 'a_b.io/c d' },
    says: [
      expect.stringContaining('managedBy: Invalid value: "a_b.io": a lowercase RFC 1123 subdomain'),
      expect.stringContaining('managedBy: Invalid value: "c d": must be a valid HTTP path'),
    ],
  },
  { name: 'and one at all', spec: { managedBy: '' }, says: ['managedBy: Required value'] },
  {
    name: 'modes are in upstream’s order',
    spec: { completionMode: 'All' },
    says: ['completionMode: Unsupported value: "All": supported values: "NonIndexed", "Indexed"'],
  },
  {
    name: 'only indexes fail one by one',
    spec: { backoffLimitPerIndex: 1, maxFailedIndexes: 1 },
    says: [
      'backoffLimitPerIndex: Invalid value: 1: requires indexed completion mode',
      'maxFailedIndexes: Invalid value: 1: requires indexed completion mode',
    ],
  },
  {
    name: 'of many, it is said how many may fail',
    spec: many,
    says: ['maxFailedIndexes: Required value: must be specified when completions is above 100000'],
  },
  {
    name: 'and not many may, nor be at once',
    spec: { ...many, parallelism: 10_001, maxFailedIndexes: 10_001 },
    says: [`parallelism: Invalid value: 10001: ${LIMITED}`, `maxFailedIndexes: Invalid value: 10001: ${LIMITED}`],
  },
  {
    name: 'no more may fail than can be told of',
    spec: { completionMode: 'Indexed', completions: 100_000, backoffLimitPerIndex: 1, maxFailedIndexes: 100_001 },
    says: [
      'maxFailedIndexes: Invalid value: 100001: must be less than or equal to completions',
      'maxFailedIndexes: Invalid value: 100001: must be less than or equal to 100000',
    ],
  },
  {
    name: 'conditions have qualified names',
    spec: rule({ type: 'a b', status: 'True' }),
    says: [
      expect.stringContaining('rules[0].onPodConditions[0].type: Invalid value: "a b": name part must consist of'),
    ],
  },
  {
    name: 'rules say what to do',
    spec: { podFailurePolicy: { rules: [{ action: '', onExitCodes: { operator: '' } }] } },
    says: [
      'podFailurePolicy.rules[0].action: Required value: valid values: ["Count" "FailIndex" "FailJob" "Ignore"]',
      'podFailurePolicy.rules[0].onExitCodes.operator: Required value: valid values: ["In" "NotIn"]',
      'podFailurePolicy.rules[0].onExitCodes.values: Invalid value: null: at least one value is required',
    ],
  },
  {
    name: 'success is of indexes',
    spec: { successPolicy: { rules: [{ succeededCount: 1 }] } },
    says: [
      'successPolicy: Invalid value: {"Rules":[{"SucceededIndexes":null,"SucceededCount":1}]}: requires indexed completion mode',
    ],
  },
  {
    name: 'no more than there are',
    spec: success({ succeededIndexes: '1,2', succeededCount: 6 }),
    says: [
      `${FIRST}.${counted(6, 5, 'specified completions')}`,
      `${FIRST}.${counted(6, 2, 'indexes in the specified succeededIndexes field')}`,
    ],
  },
  {
    name: 'no fewer than none',
    spec: success({ succeededCount: -1 }),
    says: [`${FIRST}.succeededCount: Invalid value: -1: must be greater than or equal to 0`],
  },
  {
    name: 'in twenty rules',
    spec: success(...Array.from({ length: 21 }, () => ({ succeededCount: 1 }))),
    says: ['successPolicy.rules: Too many: 21: must have at most 20 items'],
  },
  {
    name: 'indexes from one to another',
    spec: success({ succeededIndexes: '1-2-3' }),
    says: [
      `${FIRST}.succeededIndexes: Invalid value: "1-2-3": error parsing succeededIndexes: the fragment "1-2-3" violates the requirement that an index interval can have at most two parts separated by '-'`,
    ],
  },
  {
    name: 'that there are, before their order is looked at',
    spec: success({ succeededIndexes: '4,3-9' }),
    says: [`${FIRST}.succeededIndexes: Invalid value: "4,3-9": error parsing succeededIndexes: too large index: "9"`],
  },
])('$name', ({ spec, says }) => {
  const found = jobSpecErrors({ template, ...spec }, 'spec').map(({ field, message }) => `${field}: ${message}`)
  for (const one of says) {
    const expected = typeof one === 'string' ? `spec.${one}` : one
    expect(found).toContainEqual(expected)
  }
})

const indexed = (name: string) => ({
  metadata: { name, uid: 'u' },
  spec: { completionMode: 'Indexed', completions: 11, manualSelector: true, selector: {}, template },
})
it('refuses what its pods cannot be called by', () => {
  const long = 'x'.repeat(61)
  const why = `will not able to create pod with invalid DNS label: ${long}-10`
  expect(problems(Job, indexed(long))).toContain(`metadata.name: Invalid value: "${long}": ${why}`)
  expect(problems(Job, indexed('short')).join()).not.toContain('will not able')
  expect(problems(Job, indexed('with.dot')).join()).toContain('will not able')
})

// What rules cost at most, held to the numbers that Kubernetes' own compiler gives (apiextensions-apiserver v1.36,
// schema/cel/compilation_test.go): first where the schema sets no bound, then with one.

import { expect, it } from 'vitest'
import type { JsonSchema } from '../schemas/structural/json-schema.ts'
import { compileRule, RuleScope } from '../schemas/structural/validation-rules.ts'
import { createCel } from './cel.ts'
import { estimateCost } from './estimate.ts'

const cel = createCel()
type Bound = number | undefined
type Shape = (bound: Bound) => JsonSchema

const costOf = (schema: JsonSchema, rule: string) => {
  const { program, variables } = compileRule(new RuleScope(cel, schema, { isRoot: false }), { rule })
  return estimateCost(program.ast, variables)
}
const bounded = (name: 'maxLength' | 'maxItems' | 'maxProperties', bound: Bound) =>
  bound === undefined ? {} : { [name]: bound }

const text: Shape = (bound) => ({ type: 'string', ...bounded('maxLength', bound) })
const bytes: Shape = (bound) => ({ type: 'string', format: 'byte', ...bounded('maxLength', bound) })
const one = (type: string): JsonSchema => {
  if (type === 'int-or-string') return { 'x-kubernetes-int-or-string': true }
  return ['duration', 'date', 'date-time'].includes(type) ? { type: 'string', format: type } : { type }
}
const list =
  (items: string | Shape): Shape =>
  (bound) => ({
    type: 'array',
    items: typeof items === 'string' ? one(items) : items(bound),
    ...bounded('maxItems', bound),
  })
const map =
  (values: string | Shape): Shape =>
  (bound) => ({
    type: 'object',
    additionalProperties: typeof values === 'string' ? one(values) : values(bound),
    ...bounded('maxProperties', bound),
  })
const object: Shape = () => ({
  type: 'object',
  required: ['required'],
  properties: { required: { type: 'string' }, optional: { type: 'string' } },
})
const texts =
  (...names: string[]): Shape =>
  (bound) => ({ type: 'object', properties: Object.fromEntries(names.map((name) => [name, text(bound)])) })
const short = { before: { type: 'string', maxLength: 2 }, after: { type: 'string', maxLength: 4 } }
const replacing: Shape = (bound) => ({ type: 'object', properties: { str: text(bound), ...short } })
const unbounded =
  (shape: Shape): Shape =>
  () =>
    shape(undefined)

it.each<[rule: string, Shape, number, bound: number, number]>([
  ['self.all(x, true)', list('number'), 4718591, 10, 32],
  ['self.all(x, true)', list('string'), 3145727, 20, 62],
  ['self.all(x, true)', list('boolean'), 1887437, 5, 17],
  ['self.all(x, true)', list(unbounded(list('number'))), 3145727, 100, 302],
  ['self.all(x, true)', list(object), 555128, 50, 152],
  ['self.all(x, true)', list('int-or-string'), 4718591, 10, 32],
  ['self.all(x, true)', list('duration'), 2359295, 5, 17],
  ['self.all(x, true)', list('date'), 725936, 15, 47],
  ['self.all(x, true)', list('date-time'), 428963, 25, 77],
  ['self.all(x, true)', map('number'), 1348169, 10, 32],
  ['self.all(x, true)', map('string'), 1179647, 3, 11],
  ['self.all(x, true)', map('boolean'), 943718, 100, 302],
  ['self.all(x, true)', map('int-or-string'), 1348169, 15, 47],
  ['self.all(x, true)', map(object), 428963, 20, 62],
  ['self.all(x, true)', map(unbounded(map('number'))), 1179647, 10, 32],
  ['self.all(x, true)', map('duration'), 1048577, 5, 17],
  ['self.all(x, true)', map('date'), 524288, 10, 32],
  ['self.all(x, true)', map('date-time'), 349526, 25, 77],
  ['self.contains("test")', text, 314574, 10, 5],
  ['self.startsWith("test")', text, 2, 15, 2],
  ['self.endsWith("test")', text, 2, 30, 2],
  ['size(self + "hello") > size("hello")', text, 314578, 4, 7],
  ['self[1] == 0.0', list('number'), 2, 5000, 2],
  ['self[1] == self[1]', list('string'), 314577, 8, 314577],
  ['self.matches("x")', text, 314574, 50, 22],
  ['"".matches("(((((((((())))))))))[0-9]")', text, 7, 10, 7],
  ['self.matches("")', text, 1, 100, 1],
  ['self.all(x, x.contains(self[x]))', map(text), 2752507, 10, 72],
  ['self["x"] == 0.0', map('number'), 2, 0, 2],
  ['self == "x"', text, 2, 0, 1],
  ['self == b"x"', bytes, 2, 0, 1],
  ['self.all(x, x == 0.0)', list('number'), 6291454, 3 * 1024 * 2048, 25165826],
  ['self.all(x, x["y"].required == "z")', list(map(object)), 7340027, 10, 72],
  ['self[0] == 5', list('int-or-string'), 3, 10, 3],
  ['self[0] == null', list(object), 2, 422, 2],
  ['self[0][0] == -1.0', list(unbounded(list('number'))), 3, 51, 3],
  ['self.all(x, x.y == 25.2)', list(unbounded(map('number'))), 6291452, 12, 74],
  ['self[0].x > 2.0', list(unbounded(map('number'))), 4, 3000, 4],
  ['self[0].getHours() == 2', list('duration'), 4, 525, 4],
  ['self[2].getDayOfMonth() == 13', list('date'), 4, 42, 4],
  ['self.find("[0-9]+") == ""', text, 629147, 10, 11],
  ['self.join(" ") == "aa bb"', list(text), 329853068905, 10, 43],
  ['self.isSorted() == true', list(text), 329854432052, 10, 52],
  ['self.str.replace(self.before, self.after) == "does not matter"', replacing, 629154, 4, 12],
  ['self.str.split(self.separator) == []', texts('str', 'separator'), 629160, 10, 22],
  ['self.lowerAscii() == "lower!"', text, 314575, 10, 6],
  ['oldSelf.size() == self.size()', map('integer'), 5, 10, 5],
  ['self["a"] == self["b"]', map('date-time'), 8, 7, 8],
  ['self["c"] == self["d"]', map('duration'), 8, 42, 8],
  ['isQuantity(self)', (bound) => ({ ...one('int-or-string'), ...bounded('maxLength', bound) }), 314574, 20, 9],
])('%s', (rule, shape, free, bound, held) => {
  expect([costOf(shape(undefined), rule), costOf(shape(bound), rule)]).toEqual([free, held])
})

it('multiplies loops within loops', () => {
  const twice = 'self.all(x, self.all(y, true))'
  const thrice = 'self.all(x, self.all(y, self.all(z, true)))'
  expect([costOf(list('number')(10), twice), costOf(list('number')(10), thrice)]).toEqual([352, 3552])
  expect(costOf(list('number')(undefined), thrice)).toBeGreaterThan(1e18)
})

it('takes the longest of the choices, where there is no other bound', () => {
  expect(costOf({ type: 'string', enum: ['A', 'B', 'C', 'LongValue'] }, 'self.contains("A")')).toBe(2)
})

it.each<[string, Shape, number, number]>([
  ['[{"x": 4}, {"x": 3}].sortBy(m, m["x"]) == [{"x": 3}, {"x": 4}]', text, 1, 211],
  ['self.sortBy(m, m["x"]) == [{"x": "a"}, {"x": "b"}, {"x": "c"}]', list(map('string')), 3, 197],
])('counts sorting by keys as cel-go does (ext/lists_test.go): %s', (rule, shape, bound, cost) => {
  expect(costOf(shape(bound), rule)).toBe(cost)
})

it('knows what may be null as what it is otherwise', () => {
  const items = { type: 'array', nullable: true, maxItems: 10, items: { type: 'number' } }
  expect(costOf({ type: 'object', properties: { items } }, 'self.items.all(x, true)')).toBe(33)
})

// What a few characters of an expression could have the server do, each refused before it is done, or done at once.

import { expect, it } from 'vitest'
import { createCel } from './cel.ts'
import { rewriteLiterals } from './message-literals.ts'

const LISTS = { kind: 'list', items: { kind: 'list', items: { kind: 'int' } } } as const
const environment = createCel().environment({ self: { kind: 'string' }, one: LISTS, other: LISTS })
const numbers = () => Array.from({ length: 100 }, () => Array.from({ length: 1_000 }, (_, at) => at))
const text = 'x'.repeat(200_000)
const evaluate = (expression: string) =>
  environment.compile(expression).evaluate({ self: text, one: numbers(), other: numbers() }, 1_000_000).value

/** In microseconds, of the processor. */
function spent(run: () => unknown): number {
  const before = process.cpuUsage()
  run()
  const { user, system } = process.cpuUsage(before)
  return user + system
}

it.each([
  'lists.range(20000000).size() > 0',
  'lists.range(20000000).size() > 0 || true',
  'lists.range(1000).all(i, lists.range(1000000).size() > 0)',
  'lists.range(20000).distinct().size() > 0',
  'sets.contains(lists.range(20000), lists.range(20000))',
  'sets.equivalent(lists.range(20000), lists.range(20000))',
  'sets.intersects(lists.range(20000), lists.range(20000).map(i, -1 - i))',
  '[lists.range(1000)].all(one, lists.range(10000).map(i, one).flatten().size() > 0)',
  'lists.range(20).map(i, [self, self + "y"]).all(i, lists.range(20000).map(j, i[j % 2]).sort().size() > 0)',
  '[self + "a"].all(a, [self + "b"].all(b, sets.contains(lists.range(50000).map(i, b), [a])))',
  'self.replace("", self).size() > 0',
  'lists.range(1000).all(i, {"a": one} == {"a": other})',
  'lists.range(1000).all(i, !(one != other))',
  'lists.range(1000).all(i, one in [other])',
  'lists.range(1000).map(i, one) == lists.range(1000).map(i, other)',
  'lists.range(10000).map(i, self).join("").size() > 0',
  '"%s".format([lists.range(10000).map(i, self)]).size() > 0',
  '(self + self + self + self).matches("[a-z]{500}y")',
  'lists.range(1000).all(i, url("/" + self).getScheme() == "" && !isIP(self) && !isQuantity(self))',
  'lists.range(10000).all(i, self.charAt(1000) == "x")',
])('%s costs too much, and is not done', (expression) => {
  const used = spent(() => expect(() => evaluate(expression)).toThrow('actual cost limit exceeded'))
  expect(used).toBeLessThan(2_000_000)
})

it.each<[string, unknown]>([
  ['self.indexOf(self.substring(100000) + "y")', -1n],
  ['("y" + self).indexOf(self.substring(1))', 1n],
  ['self.lastIndexOf("y" + self.substring(100000))', -1n],
  ['self.contains("y" + self.substring(100000))', false],
  ['self.split("y" + self.substring(100000)).size()', 1n],
  ['self.replace("y" + self.substring(100000), "") == self', true],
])('%s takes no square of the length', (expression, expected) => {
  expect(spent(() => expect(evaluate(expression)).toBe(expected))).toBeLessThan(500_000)
})

it.each<[string, unknown]>([
  ['"aaaa".lastIndexOf("aa", 1)', 1n],
  ['"aabaabaaab".indexOf("aabaaab")', 3n],
  ['"a-----------------b".split("-----------------")', ['a', 'b']],
  ['("abababababababababab" + "|").split("abababababababababa")', ['', 'b|']],
  ['"abababababababababab".contains("bababababababababab")', true],
  ['["a", "b"].join() + ["a", "b"].join(", ")', 'aba, b'],
  ['sets.contains([1, 2], [1.0])', true],
  ['self.matches("^x{1,253}")', true],
  ['one == other && one != [] && one in [[], other] && lists.range(1000).map(i, one).size() > 1', true],
])('%s is what it was', (expression, expected) => {
  expect(evaluate(expression)).toEqual(expected)
})

it('does not compile one pattern after the other for nothing', () => {
  const program = environment.compile('lists.range(1000).all(i, !"b".matches("a{1000}" + string(i)))')
  const run = () => program.evaluate({ self: text }, 100_000)
  const used = spent(() => expect(run).toThrow('actual cost limit exceeded'))
  expect(used).toBeLessThan(1_000_000)
})

it('reads the parameters of an address once', () => {
  const query = Array.from({ length: 40_000 }, (_, at) => `k${at}=v`).join('&')
  const program = environment.compile('url(self).getQuery()["k1"][0]')
  const run = () => program.evaluate({ self: `https://a/?k1=first&${query}` }, 1_000_000).value
  expect(spent(() => expect(run()).toBe('first'))).toBeLessThan(2_500_000)
})

it('refuses an expression that is longer than upstream reads', () => {
  expect(() => environment.compile(`"${'😀'.repeat(99_999)}"`)).toThrow(
    'ERROR: <input>:-1:0: expression code point size exceeds limit: size: 100001, limit 100000',
  )
  expect(environment.compile(`"${'😀'.repeat(99_998)}"`).type).toBe('string')
})

it('reads names with many dots once', () => {
  expect(spent(() => rewriteLiterals('a.'.repeat(50_000)))).toBeLessThan(2_000_000)
  const { text, types } = rewriteLiterals('self.a.b == c.d ? Object.spec{a: x.y} : a . b {c: 1}')
  expect(text).toBe('self.a.b == c.d ? newMessage("Object.spec", {"a": x.y}) : newMessage("a.b", {"c": 1})')
  expect([...types]).toEqual(['Object.spec', 'a.b'])
})

import { describe, expect, it } from 'vitest'
import { type CelVariables, createCel } from './cel.ts'
import { DYN } from './cel-type.ts'
import { jsonOfCel } from './json-of-cel.ts'

const cel = createCel()
const BUDGET = 100_000

const SELF: CelVariables = {
  self: {
    kind: 'object',
    fields: {
      replicas: { kind: 'int' },
      max: { kind: 'int' },
      ratio: { kind: 'double' },
      name: { kind: 'string' },
      'app-id': { kind: 'string' },
      namespace: { kind: 'string' },
      port: DYN,
      labels: { kind: 'map', values: { kind: 'string' } },
      since: { kind: 'timestamp' },
      ports: {
        kind: 'list',
        items: { kind: 'object', fields: { name: { kind: 'string' }, number: { kind: 'int' } } },
      },
    },
  },
}
const object = {
  replicas: 3,
  max: 5,
  ratio: 0.5,
  name: 'web',
  'app-id': 'x1',
  namespace: 'shop',
  port: 'http',
  labels: { app: 'web' },
  since: '2026-01-02T03:04:05Z',
  ports: [
    { name: 'http', number: 80 },
    { name: 'https', number: 443 },
  ],
}

const evaluate = (expression: string, self: Record<string, unknown> = object) =>
  cel
    .environment(SELF)
    .compile(expression)
    .evaluate({ self: self as never }, BUDGET).value

it('finds no field that only objects of JavaScript have', () => {
  const fields = { toString: { kind: 'string' }, valueOf: { kind: 'int' } } as const
  const program = (text: string) => cel.environment({ self: { kind: 'object', fields } }).compile(text)
  const evaluate = (text: string, self: object) => program(text).evaluate({ self: self as never }, BUDGET).value
  expect(evaluate('!has(self.toString) && has(self.valueOf)', { valueOf: 7 })).toBe(true)
  expect(evaluate('self.toString == "a"', { toString: 'a' })).toBe(true)
})

describe('gives what upstream gives', () => {
  it.each<[string, unknown]>([
    ['self.replicas <= self.max', true],
    ['self.replicas + 1', 4n],
    ['has(self.ports[0].name) && self.ports.all(p, has(p.number)) && !has(self.?labels.other)', true],
    ['self.ratio * 2.0', 1],
    ['has(self.name) && !has(self.labels.other)', true],
    ['self.ports.all(p, p.number > 0)', true],
    ['self.ports.exists_one(p, p.name == "http")', true],
    ['self.ports.map(p, p.number).sum()', 523n],
    ['self.ports.filter(p, p.number > 80).size()', 1n],
    ['self.ports[0] == self.ports[0] && self.ports[0] != self.ports[1]', true],
    ['self.app__dash__id == "x1" && self.__namespace__ == "shop"', true],
    ['"app" in self.labels && self.labels["app"] == "web"', true],
    ['type(self.port) == string ? self.port == "http" : self.port == 80', true],
    ['self.since < timestamp("2027-01-01T00:00:00Z")', true],
    ['self.name.matches("^w[a-z]+$")', true],
    ['"a1b22".findAll("[0-9]+")', ['1', '22']],
    ['"a-b-c".replace("-", "+", 1)', 'a+b-c'],
    ['"%s has %d".format([self.name, self.replicas])', 'web has 3'],
    ['[3, 1, 2].max() == 3 && [1, 2].isSorted() && [1, 2, 1].lastIndexOf(1) == 2', true],
    ['sets.equivalent([1, 2], [2, 1, 1]) && !sets.contains([1], [2])', true],
    ['quantity("1Gi").isGreaterThan(quantity("900Mi")) && isQuantity("1.5") && !isQuantity("much")', true],
    ['quantity("100m").add(quantity("900m")).asInteger()', 1n],
    ['url("https://example.com:80/a?b=c").getHost() == "example.com:80" && !isURL("nothing")', true],
    ['ip("10.0.0.1").family() == 4 && cidr("10.0.0.0/8").containsIP("10.1.2.3") && !isIP("10.0.0.256")', true],
    ['format.dns1123Label().validate("A").hasValue() && !format.dns1123Label().validate("a").hasValue()', true],
    ['self.?name.orValue("none")', 'web'],
    ['format.dns1123Label().validate("a") == null', false],
    ['format.named("uuid").value().validate("x").value()', ['does not match the UUID format']],
    ['format.named("none").hasValue() || format.dns1035LabelPrefix().validate("a-").hasValue()', false],
    ['semver("1.10.0").isGreaterThan(semver("1.9.3")) && semver("1.0.0-rc.2") != semver("1.0.0-rc.10")', true],
    ['semver("1.0.0-rc.2").isLessThan(semver("1.0.0-rc.10")) && semver("1.0.0-1").isLessThan(semver("1.0.0-a"))', true],
    ['semver("1.0.0-rc").compareTo(semver("1.0.0")) + semver("2.3.4+x").minor()', 2n],
    ['isSemver("v1.02") || isSemver("1.2") || !isSemver("v1.02", true) || isSemver("1.2-x", true)', false],
    ['self.ports.all(i, p, i < 2 && p.number > 0) && self.labels.exists(k, v, k == "app" && v == "web")', true],
    ['[1, 2, 2].existsOne(i, v, v == 2 && i > 0) || self.ports.exists_one(i, p, i == 0)', true],
    ['self.ports.transformList(i, p, i > 0, p.name)', ['https']],
    ['self.ports.transformMapEntry(i, p, {p.name: p.number})', { http: 80n, https: 443n }],
    ['self.labels.transformMap(k, v, k + "=" + v)', { app: 'app=web' }],
    ['[0, 1].exists(i, v, 1 / v == 1) && [[1], [2, 3]].flatten().size() == 3', true],
    ['[3, 1, 3].distinct().sort() == [1, 3] && [1, 2, 3].slice(1, 3).reverse() == [3, 2]', true],
    ['lists.range(3).last().value() == 2 && [].first() == optional.none()', true],
  ])('%s', (expression, expected) => {
    expect(evaluate(expression)).toEqual(expected)
  })
})

describe('says what is wrong before it runs, in the words of the compiler', () => {
  it.each([
    [
      'self.replcas > 0',
      "compilation failed: ERROR: <input>:1:5: undefined field 'replcas'\n | self.replcas > 0\n | ....^",
    ],
    [
      'other > 0',
      "compilation failed: ERROR: <input>:1:1: undeclared reference to 'other' (in container '')\n | other > 0\n | ^",
    ],
    ['self.replicas == "3"', "1:15: found no matching overload for '_==_' applied to '(int, string)'"],
    ['(self.max) + "3" > "4"', "1:12: found no matching overload for '_+_' applied to '(int, string)'"],
    ['self.name.startsWith(1)', "1:21: found no matching overload for 'startsWith' applied to 'string.(int)'"],
    ['self.name.matches(1)', "1:18: found no matching overload for 'matches' applied to 'string.(int)'"],
    ['1 + size(self.max)', "1:9: found no matching overload for 'size' applied to '(int)'"],
    ['self.ports["a"]', "1:11: found no matching overload for '_[_]' applied to '(list("],
    ['self.since == self.max', "found no matching overload for '_==_' applied to '(timestamp, int)'"],
    ['!self.max', "1:1: found no matching overload for '!_' applied to '(int)'"],
    ['self.max && true', "1:10: found no matching overload for '_&&_' applied to '(int, bool)'"],
    [
      'size("a")\n  == nofn(2)',
      "2:10: undeclared reference to 'nofn' (in container '')\n |   == nofn(2)\n | .........^",
    ],
    ['self.max.b', "1:9: type 'int' does not support field selection"],
    ['has(self.replcas)', "undefined field 'replcas'"],
    [
      'self.replicas >',
      "1:16: Syntax error: mismatched input '<EOF>' expecting {'[', '{', '(', '.', '-', '!', 'true', 'false',",
    ],
    ['has(self.name', "1:14: Syntax error: missing ')' at '<EOF>'"],
    ['1 +* 2', "1:4: Syntax error: extraneous input '*' expecting {"],
    ['self.max 2', "1:10: Syntax error: extraneous input '2' expecting <EOF>"],
    ['self.max @', "1:10: Syntax error: token recognition error at: '@'"],
    ['cel.bind(n, self.replicas, n)', "undeclared reference to 'cel' (in container '')"],
    ['self.ports.all(i, p, p.numbr > i)', "undefined field 'numbr'"],
    ['self.ports.all(i, p, p.name)', 'all() predicate must return bool'],
    ['self.ports.all(1, true)', '1:16: argument must be a simple name'],
    ['self.ports.sortBy(p, p)', "found no matching overload for '@sortByAssociatedKeys' applied to 'list("],
    ['[1, "a"]', "1:5: expected type 'int' but found 'string'"],
    ['{"a": 1, "b": [1]}', "1:15: expected type 'int' but found 'list(int)'"],
    ['self.since < timestamp("x")', '1:24: invalid timestamp argument'],
    ['duration("1x") == duration("1s")', '1:10: invalid duration argument'],
    ['self.name.matches("(")', '1:19: invalid matches argument'],
  ])('%s', (expression, message) => {
    expect(() => cel.environment(SELF).compile(expression)).toThrow(message)
  })
})

it('says which key is missing when it runs', () => {
  expect(() => evaluate('self.name == "web"', {})).toThrow('no such key: name')
})

it('takes an optional old value as absent or there', () => {
  const program = cel
    .environment({ self: { kind: 'int' }, oldSelf: { kind: 'optional', of: { kind: 'int' } } })
    .compile('!oldSelf.hasValue() || self >= oldSelf.value()')
  expect(program.uses('oldSelf')).toBe(true)
  expect(program.evaluate({ self: 1 }, BUDGET).value).toBe(true)
  expect(program.evaluate({ self: 1, oldSelf: 2 }, BUDGET).value).toBe(false)
})

it('stops what costs too much, loops and long texts alike', () => {
  const list = cel
    .environment({ self: { kind: 'list', items: { kind: 'int' } } })
    .compile('self.all(a, self.all(b, a + b >= 0))')
  const small = list.evaluate({ self: [1, 2] }, BUDGET)
  expect(small.cost).toBeGreaterThan(10)
  const long = Array.from({ length: 1000 }, (_, at) => at)
  expect(() => list.evaluate({ self: long }, BUDGET)).toThrow('actual cost limit exceeded')
  const pairs = cel
    .environment({ self: { kind: 'list', items: { kind: 'int' } } })
    .compile('self.all(i, a, self.all(j, b, a + b >= i - j))')
  expect(() => pairs.evaluate({ self: long }, BUDGET)).toThrow('actual cost limit exceeded')
  const text = cel.environment({ self: { kind: 'string' } }).compile('self.contains("x")')
  expect(() => text.evaluate({ self: 'a'.repeat(2_000_000) }, BUDGET)).toThrow('actual cost limit exceeded')
})

it('does not let a pattern hold up the server', () => {
  const program = cel.environment({ self: { kind: 'string' } }).compile('self.matches("^(a+)+$")')
  expect(program.evaluate({ self: `${'a'.repeat(40)}!` }, BUDGET).value).toBe(false)
})

it('takes whole numbers of untyped objects for integers', () => {
  const program = cel.environment({ object: DYN }).compile('object.spec.replicas < 5 && object.spec.ratio < 0.5')
  expect(program.evaluate({ object: { spec: { replicas: 3, ratio: 0.25 } } }, BUDGET).value).toBe(true)
})

it('finds a key of a map for as much as upstream, however many others there are', () => {
  const many = Object.fromEntries(Array.from({ length: 10_000 }, (_, at) => [`k${at}`, 1]))
  const program = cel.environment({ self: { kind: 'map', values: { kind: 'int' } } }).compile("'k1' in self")
  expect(program.evaluate({ self: many }, BUDGET).cost).toBeLessThan(10)
})

describe('elements that may be absent', () => {
  const may = cel.environment({ self: DYN, n: { kind: 'optional', of: { kind: 'int' } } })
  const found = (expression: string) =>
    jsonOfCel(may.compile(expression).evaluate({ self: { a: 1, list: [1, 2], key: 'k' } }, BUDGET).value)

  it.each<[string, unknown]>([
    ['[?optional.of(1), 2, ?optional.none()]', [1, 2]],
    ['[ // first\n ?self.?a, ? self.?b ]', [1]],
    ['[?self.list[?0], self.list[1], ?self.list[?2]].map(x, [?optional.of(x)])', [[1], [2]]],
    ['{?"a": self.?a, "b": 2, ?"c": self.?c}', { a: 1, b: 2 }],
    ['{?(self.a == 1 ? "x" : "y"): optional.of(true ? "?" : ":"), ?self.key: self.?key}', { x: '?', k: 'k' }],
    ['{?self.a == 1 ? "x" : "y": optional.of(1)}', { x: 1 }],
    ['size([?n]) == 0 && size({?"n": n}) == 0 && [?optional.of(1)][0] == 1', true],
    ['1 in [?optional.of(1)] && !(1 in {?1: optional.of(2)} ? false : true)', true],
    ['self.a == 1 ? [?optional.of("[?")] : []', ['[?']],
  ])('%s', (expression, expected) => {
    expect(found(expression)).toEqual(expected)
  })

  it.each([
    ['[?1]', "ERROR: <input>:1:3: expected type 'optional_type(int)' but found 'int'\n | [?1]\n | ..^"],
    ['{?"k": "v"}', "ERROR: <input>:1:8: expected type 'optional_type(string)' but found 'string'"],
    ['[?optional.of(1), "a"]', "ERROR: <input>:1:19: expected type 'int' but found 'string'"],
    ['[?nothing]', "ERROR: <input>:1:3: undeclared reference to 'nothing'"],
  ])('are refused in %s', (expression, message) => {
    expect(() => may.compile(expression)).toThrow(message)
  })

  it.each([
    ['[?self.a]', 'cannot initialize optional list element from non-optional value 1'],
    ['{?"k": self.a}', "cannot initialize optional entry 'k' from non-optional value 1"],
  ])('fail when it turns out that %s is no question', (expression, message) => {
    expect(() => found(expression)).toThrow(message)
  })
})

describe('objects that expressions make', () => {
  const making = cel.environment({ object: DYN }, ['Object', 'JSONPatch'])
  const made = (expression: string) =>
    jsonOfCel(making.compile(expression).evaluate({ object: { n: 2 } }, BUDGET).value)

  it.each<[string, unknown]>([
    ['Object{spec: Object.spec{replicas: object.n + 1}}', { spec: { replicas: 3 } }],
    ['Object{}', {}],
    ['Object { // why\n metadata : Object . metadata { labels: {"a": "x{"} } }', { metadata: { labels: { a: 'x{' } } }],
    ['Object{?a: optional.none(), ?b: optional.of(1), namespace: "c"}', { b: 1, namespace: 'c' }],
    [
      '[JSONPatch{op: "add", path: "/a/" + jsonpatch.escapeKey("k8s.io/x~y"), value: [1.5]}]',
      [{ op: 'add', path: '/a/k8s.io~1x~0y', value: [1.5] }],
    ],
    ['has(JSONPatch{op: "a"}.op) && !has(JSONPatch{}.op) && JSONPatch{op: "a"} == JSONPatch{op: "a"}', true],
    ['2 in {2: "b"} && "in {" + r"\\{" == "in {\\\\{"', true],
    ['{"a": Object.spec{b: 1}.b, "c": [1, 2].map(x, {"y": x})}', { a: 1, c: [{ y: 1 }, { y: 2 }] }],
  ])('%s', (expression, expected) => {
    expect(made(expression)).toEqual(expected)
  })

  it.each([
    ['Thing{a: 1}', "ERROR: <input>:1:1: undeclared reference to 'Thing' (in container '')\n | Thing{a: 1}\n | ^"],
    ['JSONPatch{operation: "add"}', "ERROR: <input>:1:11: undefined field 'operation'"],
    ['JSONPatch{op: 1}', "expected type of field 'op' is 'string' but provided type is 'int'"],
    ['Object{spec: Object.spec{replicas: nothing}}', "ERROR: <input>:1:36: undeclared reference to 'nothing'"],
  ])('says what is wrong with %s at its place', (expression, message) => {
    expect(() => making.compile(expression)).toThrow(message)
  })

  it('are of no type where nothing is made', () => {
    expect(() => cel.environment({}).compile('Object{}')).toThrow("undeclared reference to 'Object'")
  })
})

describe.each(['constructor', 'toString', 'hasOwnProperty', '__proto__', 'prototype'])(
  'a map with the key %s',
  (name) => {
    const value = JSON.parse(`{"${name}":{"a":1},"b":{"a":2}}`)
    const free = {
      variables: { self: DYN, other: DYN },
      values: { self: value, other: JSON.parse('{"b":{"a":2},"c":{"a":1}}') },
    }
    const typed: CelVariables = { self: { kind: 'map', values: DYN }, other: DYN }

    it.each([
      [`'${name}' in self && !('${name}' in other)`, true],
      [`self['${name}'].a == 1`, true],
      [`has(self.b) && self.b.a == 2`, true],
      ['size(self) == 2 && size([self]) == 1', true],
      [`self.all(key, key in ['${name}', 'b'])`, true],
      ['self.all(key, value, value.a < 3)', true],
      ['self == self && self != other && other != self', true],
      [`self.transformMap(key, value, value.a)['${name}'] == 1`, true],
      [`[self, self] == [self] + [self]`, true],
      [`"%s".format([self]).contains('${name}')`, true],
      ['optional.ofNonZeroValue(self).hasValue()', true],
      ['dyn({}) == dyn(self) || type(self) == type({})', true],
    ])('%s', (expression, expected) => {
      for (const variables of [free.variables, typed]) {
        const { value: given } = cel.environment(variables).compile(expression).evaluate(free.values, BUDGET)
        expect(given).toBe(expected)
      }
    })

    it('is the same as JSON', () => {
      const { value: given } = cel.environment(free.variables).compile('[self]').evaluate(free.values, BUDGET)
      expect(JSON.stringify(jsonOfCel(given))).toBe(JSON.stringify([value]))
    })
  },
)

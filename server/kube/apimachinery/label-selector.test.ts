import { describe, expect, it } from 'vitest'
import {
  formatSelector,
  labelSelectorErrors,
  parseSelector,
  selectorOfMap,
  selectorOfObject,
} from './label-selector.ts'

describe('label selectors', () => {
  it.each([
    { text: '', matches: [{}, { a: 'b' }], misses: [] },
    { text: 'a=b', matches: [{ a: 'b' }], misses: [{}, { a: 'c' }] },
    { text: 'a == b', matches: [{ a: 'b' }], misses: [{ a: 'c' }] },
    { text: 'a!=b', matches: [{}, { a: 'c' }], misses: [{ a: 'b' }] },
    { text: 'a in (b,c)', matches: [{ a: 'b' }, { a: 'c' }], misses: [{}, { a: 'd' }] },
    { text: 'a notin (b, c)', matches: [{}, { a: 'd' }], misses: [{ a: 'b' }] },
    { text: 'a', matches: [{ a: '' }], misses: [{}] },
    { text: '!a', matches: [{}], misses: [{ a: '' }] },
    { text: 'a>5', matches: [{ a: '6' }], misses: [{ a: '5' }, { a: 'x' }, {}] },
    { text: 'a<5', matches: [{ a: '4' }], misses: [{ a: '5' }] },
    { text: 'a=,b', matches: [{ a: '', b: 'x' }], misses: [{ a: 'y', b: 'x' }, { a: '' }] },
    {
      text: 'app.kubernetes.io/name=web,tier in (x)',
      matches: [{ 'app.kubernetes.io/name': 'web', tier: 'x' }],
      misses: [{ tier: 'x' }],
    },
    { text: 'toString', matches: [], misses: [{}] },
    { text: 'a in (b,)', matches: [{ a: 'b' }, { a: '' }], misses: [{ a: 'c' }] },
    { text: 'a in (,,b)', matches: [{ a: 'b' }, { a: '' }], misses: [{ a: 'c' }] },
    { text: ' in=in , b', matches: [{ in: 'in', b: '' }], misses: [{ in: 'in' }] },
  ])('reads $text', ({ text, matches, misses }) => {
    const selector = parseSelector(text)
    for (const labels of matches)
      expect(selector.matches(labels as Record<string, string>), JSON.stringify(labels)).toBe(true)
    for (const labels of misses)
      expect(selector.matches(labels as Record<string, string>), JSON.stringify(labels)).toBe(false)
  })

  // In the words of apimachinery/pkg/labels/selector.go.
  it.each([
    ['a in b', "unable to parse requirement: found 'b' expected: '('"],
    ['a in (', "unable to parse requirement: found '', expected: ',', ')' or identifier"],
    ['a in (b', "unable to parse requirement: found '', expected: ',' or ')'"],
    ['a in (b,', "unable to parse requirement: found '', expected: ',', or identifier"],
    ['=b', "found '=', expected: !, identifier, or 'end of string'"],
    ['a=b c', "found 'c', expected: ',' or 'end of string'"],
    ['!a=b', "found '=', expected: ',' or 'end of string'"],
    ['a,,b', "found ',', expected: identifier after ','"],
    ['a,', "found '', expected: identifier after ','"],
    ['(a)', "found '(', expected: !, identifier, or 'end of string'"],
    ['a b=c', "unable to parse requirement: found 'b', expected: in, notin, =, ==, !=, gt, lt"],
    ['!', "unable to parse requirement: found '', expected: identifier"],
    ['a==!', "unable to parse requirement: found '!', expected: identifier"],
    [
      'a>x',
      `unable to parse requirement: values[0]: Invalid value: "x": for 'Gt', 'Lt' operators, the value must be an integer`,
    ],
    ['a>9223372036854775808', 'values[0]: Invalid value: "9223372036854775808": for'],
    [
      'a>-',
      `unable to parse requirement: [values[0]: Invalid value: "-": for 'Gt', 'Lt' operators, the value must be an integer, values[0][a]: Invalid value: "-": a valid label`,
    ],
    ['-a=b', 'unable to parse requirement: <nil>: Invalid value: "-a": '],
    ['a in (z, b$)', 'unable to parse requirement: values[0][a]: Invalid value: "b$": '],
    ['a/b/c=d', 'unable to parse requirement: <nil>: Invalid value: "a/b/c": '],
  ])('refuses %j', (text, says) => {
    expect(() => parseSelector(text)).toThrow(says)
  })

  it.each(['a=b', 'a!=b', '!a', 'a', 'a in (b,c)', 'a notin (b,c)', 'a>5'])(
    'writes %s so that it reads the same',
    (text) => {
      const again = parseSelector(formatSelector(parseSelector(text)))
      expect(again.requirements).toEqual(parseSelector(text).requirements)
    },
  )

  it('selects nothing when absent and everything when empty', () => {
    expect(selectorOfObject(undefined).matches({ a: 'b' })).toBe(false)
    expect(selectorOfObject({}).matches({})).toBe(true)
    expect(selectorOfMap({ a: 'b' }).matches({ a: 'b', c: 'd' })).toBe(true)
  })

  it('joins labels and expressions', () => {
    const selector = selectorOfObject({
      matchLabels: { app: 'web' },
      matchExpressions: [
        { key: 'tier', operator: 'In', values: ['a', 'b'] },
        { key: 'canary', operator: 'DoesNotExist' },
      ],
    })
    expect(selector.matches({ app: 'web', tier: 'a' })).toBe(true)
    expect(selector.matches({ app: 'web', tier: 'a', canary: '' })).toBe(false)
    expect(formatSelector(selector)).toBe('app=web,tier in (a,b),!canary')
  })

  it('says what is wrong with a selector in a spec', () => {
    const errors = labelSelectorErrors(
      {
        matchLabels: { 'bad key': 'x' },
        matchExpressions: [
          { key: 'a', operator: 'In' },
          { key: 'b', operator: 'Exists', values: ['x'] },
          { key: 'c', operator: 'Like' },
        ],
      },
      'spec.selector',
    )
    expect(errors.map(({ field, reason }) => `${field} ${reason}`)).toEqual([
      'spec.selector.matchLabels FieldValueInvalid',
      'spec.selector.matchExpressions[0].values FieldValueRequired',
      'spec.selector.matchExpressions[1].values FieldValueForbidden',
      'spec.selector.matchExpressions[2].operator FieldValueInvalid',
    ])
  })
})

import { describe, expect, it } from 'vitest'
import { NumberLiteral, plainJson, readJson, readPlainJson } from './strict-json.ts'

describe('readJson', () => {
  it.each([
    '{}',
    '[]',
    '{"a":[1,-2,{"b":null}],"c":"x\\"\\\\\\n\\u00e9\\ud83d\\ude00","d":true,"e":false}',
    ' { "a" : [ 1.5 , 1e3 , 0.10 , 12345678901234567890 ] } ',
    '"only text"',
  ])('reads %s as JSON.parse does', (text) => {
    expect(plainJson(readJson(text).value, 10)).toEqual(JSON.parse(text))
  })

  it('keeps how an unusual number was written', () => {
    expect(readJson('[1.0, 7]').value).toEqual([new NumberLiteral('1.0'), 7])
  })

  it('reports each duplicate path once', () => {
    expect(readJson('{"a":{"b":1,"b":2,"b":3},"c":[{"d":1,"d":2}]}').duplicates).toEqual(['a.b', 'c[0].d'])
  })

  it.each([
    ['', 'unexpected end of JSON input'],
    ['{"a":1', 'unexpected end of JSON input'],
    ['{"a" 1}', "invalid character '1' after object key"],
    ['{"a":1 "b"}', "invalid character '\"' after object key:value pair"],
    ['[1 2]', "invalid character '2' after array element"],
    ['{a:1}', "invalid character 'a' looking for beginning of object key string"],
    ['<html>', "invalid character '<' looking for beginning of value"],
    ['{} x', "invalid character 'x' after top-level value"],
    ['"a\nb"', "invalid character '\\n' in string literal"],
    ['01', "invalid character '1' after top-level value"],
  ])('says what is wrong with %j', (text, words) => {
    expect(() => readJson(text)).toThrow(words)
  })

  it('reads ten thousand levels, and refuses more where they begin', () => {
    const nested = (levels: number) => `${'['.repeat(levels)}${']'.repeat(levels)}`
    expect(readPlainJson(nested(10_000)).depth).toBe(10_000)
    expect(() => readJson(nested(10_001))).toThrow("invalid character '[' exceeded max depth")
  })

  it('tells of a hundred duplicates and no more', () => {
    const twice = Array.from({ length: 200 }, (_, at) => `"k${at}":1,"k${at}":2`)
    expect(readJson(`{${twice.join(',')}}`).duplicates).toHaveLength(100)
  })
})

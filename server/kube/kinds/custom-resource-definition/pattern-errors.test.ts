import { expect, it } from 'vitest'
import { patternErrors } from './pattern-errors.ts'

const property = (pattern: string) => ({ type: 'string', pattern })
const TOO_LARGE = "must be a valid regular expression, but isn't: error parsing regexp: expression too large"

it('compiles the patterns of a schema once, and no more than can be compiled soon', () => {
  const { user } = process.cpuUsage()
  const properties = Object.fromEntries(
    Array.from({ length: 100 }, (_, at) => [`p${at}`, property(`${'a{1000}'.repeat(20)}${at}`)]),
  )
  const errors = patternErrors({ type: 'object', properties }, 'schema')
  expect(errors).toHaveLength(96)
  expect(errors[0]).toMatchObject({
    field: 'schema.properties[p4].pattern',
    message: expect.stringContaining(TOO_LARGE),
  })
  expect(process.cpuUsage().user - user).toBeLessThan(2_500_000)
})

it('counts the same pattern once, wherever it stands', () => {
  const properties = Object.fromEntries(Array.from({ length: 500 }, (_, at) => [`p${at}`, property('^[a-z]{1,253}$')]))
  expect(patternErrors({ type: 'object', properties }, 'schema')).toEqual([])
  const schema = {
    type: 'object',
    properties: { a: { type: 'array', items: property('(') } },
    additionalProperties: property(')'),
    anyOf: [{ properties: { a: { pattern: '[' } } }],
    not: { pattern: '*' },
  }
  expect(patternErrors(schema, 'schema').map(({ field }) => field)).toEqual([
    'schema.properties[a].items.pattern',
    'schema.additionalProperties.pattern',
    'schema.anyOf[0].properties[a].pattern',
    'schema.not.pattern',
  ])
})

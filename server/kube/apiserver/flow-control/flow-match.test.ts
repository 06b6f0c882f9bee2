import type { FlowSchema } from 'kubernetes-types/flowcontrol/v1'
import { expect, it } from 'vitest'
import type { RequestInfo } from '../request-path/request-info.ts'
import { FlowMatch } from './flow-match.ts'

const user = { name: 'otter', groups: [] }
const request = (told: Partial<RequestInfo>) =>
  ({
    isResource: true,
    verb: 'list',
    group: '',
    resource: 'pods',
    subresource: '',
    namespace: 'a',
    ...told,
  }) as RequestInfo

/** Many schemas with many rules each, and the last is about pods in one namespace. */
function manySchemas(): { match: FlowMatch<{ schema: FlowSchema }>; looks: () => number } {
  let looks = 0
  const rule = (namespace: string) => ({
    subjects: [{ kind: 'User', user: { name: '*' } }],
    get resourceRules() {
      looks++
      return [{ verbs: ['*'], apiGroups: ['*'], resources: ['pods'], namespaces: [namespace] }]
    },
  })
  const schemas = Array.from({ length: 100 }, (_, at) => ({
    metadata: { name: `s${at}` },
    spec: { rules: [...Array.from({ length: 10 }, () => rule(`x${at}`)), ...(at === 99 ? [rule('a')] : [])] },
  }))
  return { match: new FlowMatch(schemas.map((schema) => ({ schema: schema as FlowSchema }))), looks: () => looks }
}

it('looks once through all rules for a sort of request of one user', () => {
  const { match, looks } = manySchemas()
  const found = () => match.find(user, request({}))?.schema.metadata?.name
  expect(found()).toBe('s99')
  const first = looks()
  for (let again = 0; again < 100; again++) expect(found()).toBe('s99')
  expect(looks()).toBe(first)
})

it('tells sorts of requests apart', () => {
  const { match } = manySchemas()
  const found = (told: Partial<RequestInfo>) => match.find(user, request(told))?.schema.metadata?.name
  for (let again = 0; again < 2; again++) {
    expect([found({}), found({ namespace: 'x7' }), found({ namespace: 'b' })]).toEqual(['s99', 's7', undefined])
    expect([found({ resource: 'nodes' }), found({ subresource: 'log' })]).toEqual([undefined, undefined])
    expect(found({ isResource: false, path: '/version' })).toBe(undefined)
  }
})

it('remembers nothing that has a long name, which whoever asks may make up', () => {
  const { match, looks } = manySchemas()
  const long = request({ namespace: 'x'.repeat(1000) })
  match.find(user, long)
  const first = looks()
  match.find(user, long)
  expect(looks()).toBe(2 * first)
})

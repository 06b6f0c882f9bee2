import type { ValidatingAdmissionPolicy } from 'kubernetes-types/admissionregistration/v1'
import { describe, expect, it } from 'vitest'
import { inOnePiece } from '../../../../base/pace.ts'
import { createCel } from '../../../cel/cel.ts'
import { type AnyKind, defineKind } from '../../../kinds/define-kind.ts'
import { builtInKinds } from '../../../kinds/index.ts'
import { loadSchemas } from '../../../schemas/load-schemas.ts'
import { warningsOf } from './type-check-loop.ts'

const schemas = loadSchemas()
const cel = createCel()
const rule = { apiGroups: ['apps'], apiVersions: ['v1'], operations: ['CREATE'], resources: ['deployments'] }
const check = (expression: string, more: object = {}, kinds: readonly AnyKind[] = builtInKinds) =>
  inOnePiece(
    warningsOf(
      {
        spec: { matchConstraints: { resourceRules: [rule] }, validations: [{ expression }], ...more },
      } as ValidatingAdmissionPolicy,
      cel,
      { schemas, kinds: () => kinds },
    ),
  )

describe('the types of a policy', () => {
  it.each([
    ['object.spec.replicas > 1'],
    ['object.metadata.namespace == "a" && oldObject == null'],
    ['object.spec.template.spec.containers.all(c, c.image.startsWith("a") && has(c.resources.limits))'],
    ['object.spec.strategy.rollingUpdate.maxSurge == 1 || string(object.metadata.creationTimestamp) != ""'],
    ['object.metadata.labels["a"] == "b" && authorizer.requestResource.check("get").allowed()'],
    ['request.userInfo.username == "a" && namespaceObject.metadata.name == "b"'],
  ])('fit: %s', (expression) => {
    expect(check(expression)).toEqual([])
  })

  it('do not fit: said of each expression and kind, at its place', () => {
    expect(check('object.replicas > 1')).toEqual([
      {
        fieldRef: 'spec.validations[0].expression',
        warning:
          "apps/v1, Kind=Deployment: ERROR: <input>:1:7: undefined field 'replicas'\n | object.replicas > 1\n | ......^\n",
      },
    ])
    const [warning] = check('object.spec.replicas == "1"')
    expect(warning?.warning).toContain("found no matching overload for '_==_' applied to '(int, string)'")
    const both = { ...rule, resources: ['deployments', 'daemonsets'] }
    const [told] = check('object.spec.replicas > 1', { matchConstraints: { resourceRules: [both] } })
    expect(told?.warning).toMatch(/^apps\/v1, Kind=DaemonSet: ERROR: <input>:1:12: undefined field 'replicas'/)
    expect(told?.warning).not.toContain('Kind=Deployment')
    const [message] = check('true', { validations: [{ expression: 'true', messageExpression: 'object.spec.x' }] })
    expect(message?.fieldRef).toBe('spec.validations[0].messageExpression')
  })

  it('are not known where a rule names whatever there is, or a kind that nobody serves', () => {
    for (const resourceRules of [[{ ...rule, resources: ['*'] }], [{ ...rule, apiGroups: ['shop.example.com'] }], []]) {
      expect(check('object.nothing', { matchConstraints: { resourceRules } })).toEqual([])
    }
  })

  it('are those of custom resources and of parameters too', () => {
    const schema = {
      type: 'object',
      properties: { spec: { type: 'object', properties: { size: { type: 'integer' } } } },
    }
    const group = 'shop.example.com'
    const shop = defineKind({ group, version: 'v1', kind: 'Shop', plural: 'shops', schema })
    const limit = { ...schema, properties: { most: { type: 'integer' } } }
    const limits = defineKind({ group, version: 'v1', kind: 'Limit', plural: 'limits', schema: limit })
    const own = { ...rule, apiGroups: [group], resources: ['shops'] }
    const more = {
      matchConstraints: { resourceRules: [own] },
      paramKind: { apiVersion: `${group}/v1`, kind: 'Limit' },
    }
    const said = (expression: string) => check(expression, more, [shop, limits]).map(({ warning }) => warning)
    expect(said('object.spec.size <= params.most && object.metadata.labels["a"] == params.metadata.name')).toEqual([])
    expect(said('object.spec.sice > 1')).toEqual([expect.stringMatching(/^shop.example.com\/v1, Kind=Shop: .* 'sice'/)])
    expect(said('object.spec.size <= params.mots')).toEqual([expect.stringContaining("undefined field 'mots'")])
  })

  it('goes through variables', () => {
    const variables = [{ name: 'n', expression: 'object.spec.replicas' }]
    expect(check('variables.n > 1', { variables })).toEqual([])
    expect(check('variables.n == "a"', { variables })[0]?.warning).toContain("applied to '(int, string)'")
  })
})

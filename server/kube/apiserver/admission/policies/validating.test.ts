import type { ValidatingAdmissionPolicySpec } from 'kubernetes-types/admissionregistration/v1'
import { describe, expect, it } from 'vitest'
import type { KubeObject } from '../../../apimachinery/object-meta.ts'
import {
  ConfigMap,
  Deployment,
  Namespace,
  Pod,
  ValidatingAdmissionPolicy,
  ValidatingAdmissionPolicyBinding,
} from '../../../kinds/index.ts'
import { askPlugin, type There } from '../../testing/ask-plugin.ts'
import { validatingAdmissionPolicy } from './validating.ts'

const rule = { operations: ['CREATE', 'UPDATE'], apiGroups: ['apps'], apiVersions: ['v1'], resources: ['deployments'] }
const policy = (spec: object): There[number] => [
  ValidatingAdmissionPolicy,
  {
    metadata: { name: 'few' },
    spec: { failurePolicy: 'Fail', matchConstraints: { resourceRules: [rule] }, ...spec },
  } as KubeObject & { spec: ValidatingAdmissionPolicySpec },
]
const binding = (spec: object = {}): There[number] => [
  ValidatingAdmissionPolicyBinding,
  { metadata: { name: 'here' }, spec: { policyName: 'few', validationActions: ['Deny'], ...spec } } as KubeObject,
]
const namespace = (labels: Record<string, string>): There[number] => [
  Namespace,
  { metadata: { name: 'default', labels } },
]
const deployment = (replicas: number, name = 'web') => ({ metadata: { name }, spec: { replicas } }) as KubeObject
const five = { validations: [{ expression: 'object.spec.replicas <= 5' }] }
const ask = (replicas: number, ...there: There) =>
  askPlugin(validatingAdmissionPolicy([]), { kind: Deployment, object: deployment(replicas) }, there)
const DENIED = `deployments.apps "web" is forbidden: ValidatingAdmissionPolicy 'few' with binding 'here' denied request: `

describe('ValidatingAdmissionPolicy', () => {
  it.each([
    ['what holds', 5, [policy(five), binding()], undefined],
    ['what does not', 6, [policy(five), binding()], 'failed expression: object.spec.replicas <= 5'],
    ['a policy that is bound nowhere', 6, [policy(five)], undefined],
    ['a message', 6, [policy({ validations: [{ expression: 'false', message: 'no more' }] }), binding()], 'no more'],
    [
      'a message that is made',
      6,
      [
        policy({
          validations: [{ expression: 'false', messageExpression: '"at most 5, not " + string(object.spec.replicas)' }],
        }),
        binding(),
      ],
      'at most 5, not 6',
    ],
    [
      'variables',
      6,
      [
        policy({
          variables: [
            { name: 'wanted', expression: 'object.spec.replicas' },
            { name: 'isMany', expression: 'variables.wanted > 5' },
          ],
          validations: [{ expression: '!variables.isMany' }],
        }),
        binding(),
      ],
      'failed expression: !variables.isMany',
    ],
    [
      'a condition that does not hold',
      6,
      [
        policy({ ...five, matchConditions: [{ name: 'a', expression: 'request.userInfo.username != "otter"' }] }),
        binding(),
      ],
      undefined,
    ],
    [
      'an expression that fails, and fails open',
      6,
      [policy({ failurePolicy: 'Ignore', validations: [{ expression: 'object.spec.nothing > 5' }] }), binding()],
      undefined,
    ],
    [
      'a namespace that is not meant',
      6,
      [policy(five), binding({ matchResources: { namespaceSelector: { matchLabels: { a: 'b' } } } }), namespace({})],
      undefined,
    ],
    [
      'a namespace that is',
      6,
      [
        policy(five),
        binding({ matchResources: { namespaceSelector: { matchLabels: { a: 'b' } } } }),
        namespace({ a: 'b' }),
      ],
      'failed expression: object.spec.replicas <= 5',
    ],
    [
      'the labels of its namespace',
      6,
      [
        policy({ validations: [{ expression: 'namespaceObject.metadata.labels.size == "any"' }] }),
        binding(),
        namespace({ size: 'small' }),
      ],
      'failed expression: namespaceObject.metadata.labels.size == "any"',
    ],
  ] as [string, number, There, string | undefined][])('judges by %s', async (_what, replicas, there, why) => {
    expect((await ask(replicas, ...there)).refused).toBe(why && DENIED + why)
  })

  it('refuses when it cannot tell, where it fails closed', async () => {
    const { refused } = await ask(6, policy({ validations: [{ expression: 'object.spec.nothing > 5' }] }), binding())
    expect(refused).toContain(`${DENIED}expression 'object.spec.nothing > 5' resulted in error: no such key`)
  })

  const limits: There[number] = [
    ConfigMap,
    { metadata: { name: 'limits', namespace: 'default' }, data: { most: '3' } } as KubeObject,
  ]
  const byParams = policy({
    paramKind: { apiVersion: 'v1', kind: 'ConfigMap' },
    validations: [{ expression: 'object.spec.replicas <= int(params.data.most)' }],
  })
  const paramRef = { name: 'limits', parameterNotFoundAction: 'Deny' }
  it('takes parameters from an object', async () => {
    expect((await ask(3, byParams, binding({ paramRef }), limits)).refused).toBeUndefined()
    expect((await ask(4, byParams, binding({ paramRef }), limits)).refused).toContain('failed expression')
    expect((await ask(1, byParams, binding({ paramRef }))).refused).toContain('no params found for policy binding')
    const allowing = { ...paramRef, parameterNotFoundAction: 'Allow' }
    expect((await ask(9, byParams, binding({ paramRef: allowing }))).refused).toBeUndefined()
  })

  it('warns and audits where it is not to refuse', async () => {
    expect(await ask(6, policy(five), binding({ validationActions: ['Warn', 'Audit'] }))).toMatchObject({
      refused: undefined,
      warnings: [
        "Validation failed for ValidatingAdmissionPolicy 'few' with binding 'here': failed expression: object.spec.replicas <= 5",
      ],
      annotations: {
        'validation.policy.admission.k8s.io/validation_failure': JSON.stringify([
          {
            message: 'failed expression: object.spec.replicas <= 5',
            policy: 'few',
            binding: 'here',
            expressionIndex: 0,
            validationActions: ['Warn', 'Audit'],
          },
        ]),
      },
    })
    const told = policy({
      ...five,
      auditAnnotations: [{ key: 'wanted', valueExpression: 'string(object.spec.replicas)' }],
    })
    expect((await ask(2, told, binding())).annotations).toEqual({ 'few/wanted': '2' })
  })

  it('is about no other resource, and never about policies themselves', async () => {
    const everything = policy({
      matchConstraints: {
        resourceRules: [{ operations: ['*'], apiGroups: ['*'], apiVersions: ['*'], resources: ['*'] }],
      },
      validations: [{ expression: 'false' }],
    })
    const plugin = validatingAdmissionPolicy([])
    const pod = { metadata: { name: 'p' } } as KubeObject
    expect((await askPlugin(plugin, { kind: Pod, object: pod }, [policy(five), binding()])).refused).toBeUndefined()
    expect((await askPlugin(plugin, { kind: Pod, object: pod }, [everything, binding()])).refused).toContain('denied')
    const status = { kind: Pod, object: pod, previous: pod, subresource: 'status' }
    expect((await askPlugin(plugin, status, [everything, binding()])).refused).toBeUndefined()
    const own = { kind: ValidatingAdmissionPolicy, object: pod }
    expect((await askPlugin(plugin, own, [everything, binding()])).refused).toBeUndefined()
  })
})

import { describe, expect, it } from 'vitest'
import type { KubeObject } from '../../../apimachinery/object-meta.ts'
import {
  ConfigMap,
  Deployment,
  MutatingAdmissionPolicy,
  MutatingAdmissionPolicyBinding,
  Namespace,
} from '../../../kinds/index.ts'
import { loadSchemas } from '../../../schemas/load-schemas.ts'
import type { Authorizer } from '../../authorization/authorizer.ts'
import { askPlugin, type There } from '../../testing/ask-plugin.ts'
import { mutatingAdmissionPolicy } from './mutating.ts'

const schemas = loadSchemas()
/** Says yes to whoever wants to get, after a while. */
const authorizer: Authorizer = {
  name: 'test',
  authorize: async ({ name }, { verb, resource, path }) => {
    await Promise.resolve()
    const isAllowed = verb === 'get' && (resource === 'secrets' || path === '/metrics' || name.endsWith(':robot'))
    return { decision: isAllowed ? 'allow' : 'no opinion', reason: isAllowed ? 'a test' : '' }
  },
}
const rule = { operations: ['CREATE', 'UPDATE'], apiGroups: ['apps'], apiVersions: ['v1'], resources: ['deployments'] }
const policy = (mutations: object[], spec: object = {}, name = 'add'): There[number] => [
  MutatingAdmissionPolicy,
  {
    metadata: { name },
    spec: {
      failurePolicy: 'Fail',
      reinvocationPolicy: 'Never',
      matchConstraints: { resourceRules: [rule] },
      mutations,
      ...spec,
    },
  } as KubeObject,
]
const binding = (spec: object = {}, policyName = 'add'): There[number] => [
  MutatingAdmissionPolicyBinding,
  { metadata: { name: `${policyName}-here` }, spec: { policyName, ...spec } } as KubeObject,
]
const apply = (expression: string) => ({ patchType: 'ApplyConfiguration', applyConfiguration: { expression } })
const patch = (expression: string) => ({ patchType: 'JSONPatch', jsonPatch: { expression } })
const deployment = {
  metadata: { name: 'web', labels: { app: 'web' } },
  spec: {
    replicas: 2,
    template: { spec: { containers: [{ name: 'a', image: 'a:1' }], volumes: [{ name: 'x', emptyDir: {} }] } },
  },
} as KubeObject
const ask = (...there: There) =>
  askPlugin(mutatingAdmissionPolicy([authorizer], schemas), { kind: Deployment, object: deployment }, [
    ...there,
    [Namespace, { metadata: { name: 'default', labels: { size: 'small' } } }],
  ])
const IN_POD = 'spec: Object.spec{template: Object.spec.template{spec: Object.spec.template.spec'
const MANY = `[${Array.from({ length: 30 }, (_, at) => at)}]`
const DENIED = "policy 'add' with binding 'add-here' denied request: "

describe('MutatingAdmissionPolicy', () => {
  it.each<[string, object, object]>([
    [
      'lays a piece over the object',
      apply('Object{metadata: Object.metadata{labels: Object.metadata.labels{seen: "yes"}}}'),
      { metadata: { labels: { app: 'web', seen: 'yes' } }, spec: { replicas: 2 } },
    ],
    [
      'finds elements of lists by their keys',
      apply(
        `Object{${IN_POD}{containers: [Object.spec.template.spec.containers{name: "a", image: "a:2"}, Object.spec.template.spec.containers{name: "side", image: "b"}], volumes: [{"name": "y"}]}}}}`,
      ),
      {
        spec: {
          template: {
            spec: {
              containers: [
                { name: 'a', image: 'a:2' },
                { name: 'side', image: 'b' },
              ],
              volumes: [{ name: 'x' }, { name: 'y' }],
            },
          },
        },
      },
    ],
    [
      'knows the object, its namespace, the request and variables',
      patch(
        '[JSONPatch{op: "add", path: "/metadata/annotations", value: {"a": variables.size + "-" + request.userInfo.username + "-" + string(object.spec.replicas)}}]',
      ),
      { metadata: { annotations: { a: 'small-otter-2' } } },
    ],
    [
      'does operations in order',
      patch(
        '[JSONPatch{op: "replace", path: "/spec/replicas", value: 5}, JSONPatch{op: "copy", from: "/metadata/labels/app", path: "/metadata/labels/" + jsonpatch.escapeKey("a/b")}]',
      ),
      { metadata: { labels: { app: 'web', 'a/b': 'web' } }, spec: { replicas: 5 } },
    ],
    [
      'leaves the object alone where a test fails',
      patch(
        '[JSONPatch{op: "test", path: "/spec/replicas", value: 9}, JSONPatch{op: "remove", path: "/spec/replicas"}]',
      ),
      { spec: { replicas: 2 } },
    ],
    [
      'asks who may do what',
      apply(
        'Object{spec: Object.spec{replicas: variables.mayGet && variables.isOther && !authorizer.requestResource.check("get").allowed() ? 7 : 1}}',
      ),
      { spec: { replicas: 7 } },
    ],
  ])('%s', async (_what, mutation, expected) => {
    const variables = [
      { name: 'size', expression: 'namespaceObject.metadata.labels.size' },
      {
        name: 'mayGet',
        expression:
          'authorizer.group("").resource("secrets").namespace("a").check("get").allowed() && authorizer.path("/metrics").check("get").reason() == "a test"',
      },
      {
        name: 'isOther',
        expression: 'authorizer.serviceAccount("a", "robot").group("").resource("pods").check("get").allowed()',
      },
    ]
    const { refused, object } = await ask(policy([mutation], { variables }), binding())
    expect(refused).toBeUndefined()
    expect(object).toMatchObject(expected)
  })

  it.each<[string, object, string]>([
    [
      'a piece in the wrong place',
      apply('Object{spec: Object.specx{replicas: 1}}'),
      'type mismatch: unexpected type name "Object.specx", expected "Object.spec", which matches field name path from root Object type',
    ],
    [
      'a field that is not declared',
      apply('Object{spec: Object.spec{replicasx: 1}}'),
      'error applying patch: failed to convert patch object to typed object: .spec.replicasx: field not declared in schema',
    ],
    [
      'what could only be replaced as a whole',
      apply('Object{spec: Object.spec{selector: Object.spec.selector{matchLabels: {"l": "v"}}}}'),
      'error applying patch: invalid ApplyConfiguration: may not mutate atomic arrays, maps or structs: .spec.selector',
    ],
    [
      'an expression that fails',
      apply('Object{spec: Object.spec{replicas: object.spec.nope}}'),
      "expression 'Object{spec: Object.spec{replicas: object.spec.nope}}' resulted in error: no such key: nope",
    ],
    [
      'a variable that fails',
      apply('Object{spec: Object.spec{replicas: variables.bad}}'),
      `expression 'Object{spec: Object.spec{replicas: variables.bad}}' resulted in error: composited variable "bad" fails to evaluate: no such key: bad`,
    ],
    [
      'a patch that does not fit',
      patch('[JSONPatch{op: "remove", path: "/spec/nope"}]'),
      "JSONPath: error in remove for path: '/spec/nope': Unable to remove nonexistent key: nope: missing value",
    ],
    [
      'what costs too much',
      apply(
        `Object{spec: Object.spec{replicas: ${MANY}.map(a, ${MANY}.map(b, ${MANY}.map(c, ${MANY}.map(d, a)))).size()}}`,
      ),
      'actual cost limit exceeded',
    ],
  ])('refuses %s', async (_what, mutation, why) => {
    const variables = [{ name: 'bad', expression: 'object.spec.bad' }]
    const { refused, object } = await ask(policy([mutation], { variables }), binding())
    expect(refused).toContain(DENIED)
    expect(refused).toContain(why)
    expect(object).toEqual(deployment)
    const open = await ask(policy([mutation], { variables, failurePolicy: 'Ignore' }), binding())
    expect(open).toMatchObject({ refused: undefined, object: deployment })
  })

  it('says what makes of a patch no object', async () => {
    const wrong = patch('[JSONPatch{op: "add", path: "/spec/x", value: Object.spec.x{}}]')
    const { refused } = await ask(policy([wrong]), binding())
    expect(refused).toBe('Internal error occurred: strict decoding error: unknown field "spec.x"')
  })

  it('is held to its binding, its conditions and its parameters', async () => {
    const five = apply('Object{spec: Object.spec{replicas: int(params.data.most)}}')
    const byParams = { paramKind: { apiVersion: 'v1', kind: 'ConfigMap' } }
    const limits: There[number] = [
      ConfigMap,
      { metadata: { name: 'limits', namespace: 'default' }, data: { most: '5' } } as KubeObject,
    ]
    const paramRef = { name: 'limits', parameterNotFoundAction: 'Deny' }
    const replicas = async (...there: There) => {
      const { object, refused } = await ask(...there)
      return refused ?? (object as unknown as { spec: { replicas: number } }).spec.replicas
    }
    expect(await replicas(policy([five], byParams), binding({ paramRef }), limits)).toBe(5)
    expect(await replicas(policy([five], byParams), binding({ paramRef }))).toBe(
      `${DENIED}failed to configure binding: no params found for policy binding with \`Deny\` parameterNotFoundAction`,
    )
    const elsewhere = { matchResources: { namespaceSelector: { matchLabels: { size: 'large' } } } }
    expect(await replicas(policy([five], byParams), binding({ paramRef, ...elsewhere }), limits)).toBe(2)
    const conditions = { matchConditions: [{ name: 'few', expression: 'params.data.most == "1"' }] }
    expect(await replicas(policy([five], { ...byParams, ...conditions }), binding({ paramRef }), limits)).toBe(2)
    expect(await replicas(policy([five], byParams))).toBe(2)
  })

  it('looks again at what others changed after it, where it wants to', async () => {
    const count = apply('Object{spec: Object.spec{replicas: object.spec.replicas + 1}}')
    const mark = apply('Object{metadata: Object.metadata{labels: {"b": "c"}}}')
    const replicas = async (reinvocationPolicy: string) => {
      const there = [policy([count], { reinvocationPolicy }, 'a'), binding({}, 'a'), policy([mark], {}, 'b')]
      const { object } = await ask(...there, binding({}, 'b'))
      return (object as unknown as { spec: { replicas: number } }).spec.replicas
    }
    expect(await replicas('Never')).toBe(3)
    expect(await replicas('IfNeeded')).toBe(4)
  })
})

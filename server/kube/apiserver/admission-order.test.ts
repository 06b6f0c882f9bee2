import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { KubeObject } from '../apimachinery/object-meta.ts'
import { type AnyKind, apiVersionOf } from '../kinds/define-kind.ts'
import { LimitRange, MutatingAdmissionPolicy, MutatingAdmissionPolicyBinding, Pod } from '../kinds/index.ts'
import { startTestServer, type TestServer } from './testing/test-server.ts'

let test: TestServer
beforeAll(async () => {
  test = await startTestServer()
})
afterAll(() => test[Symbol.asyncDispose]())

const post = (kind: AnyKind, object: object) => {
  const scope = kind.namespaced ? '/namespaces/default' : ''
  const root = kind.group ? `/apis/${apiVersionOf(kind)}` : '/api/v1'
  return test.transport.request({
    method: 'POST',
    path: `${root}${scope}/${kind.plural}`,
    body: object,
  }) as Promise<KubeObject>
}
const mutation = (expression: string) => ({ patchType: 'ApplyConfiguration', applyConfiguration: { expression } })
const policy = (name: string, resource: string, expression: string) => ({
  metadata: { name },
  spec: {
    reinvocationPolicy: 'Never',
    matchConstraints: {
      resourceRules: [{ operations: ['CREATE'], apiGroups: [''], apiVersions: ['v1'], resources: [resource] }],
    },
    mutations: [mutation(expression)],
  },
})

describe('what changes an object', () => {
  it('is asked again about what a policy has added', async () => {
    const [least] = [{ type: 'Container', defaultRequest: { cpu: '50m' }, default: { cpu: '100m' } }]
    await post(LimitRange, { metadata: { name: 'least' }, spec: { limits: [least] } })
    const side = 'Object.spec.containers{name: "side", image: "side:1"}'
    await post(MutatingAdmissionPolicy, policy('side', 'pods', `Object{spec: Object.spec{containers: [${side}]}}`))
    await post(MutatingAdmissionPolicyBinding, { metadata: { name: 'side' }, spec: { policyName: 'side' } })
    await test.transport.request({
      method: 'POST',
      path: '/api/v1/namespaces/default/serviceaccounts',
      body: { metadata: { name: 'default' } },
    })
    const made = await post(Pod, { metadata: { name: 'web' }, spec: { containers: [{ name: 'a', image: 'a:1' }] } })
    const resources = { requests: { cpu: '50m' }, limits: { cpu: '100m' } }
    const volumeMounts = [{ mountPath: '/var/run/secrets/kubernetes.io/serviceaccount' }]
    expect(made).toMatchObject({
      spec: {
        containers: [
          { name: 'a', resources, volumeMounts },
          { name: 'side', image: 'side:1', imagePullPolicy: 'IfNotPresent', resources, volumeMounts },
        ],
      },
    })
  })

  it('does not replace validity: what a policy makes must be valid', async () => {
    const bad = 'Object{metadata: Object.metadata{labels: {"-": "x"}}}'
    await post(MutatingAdmissionPolicy, policy('bad', 'configmaps', bad))
    await post(MutatingAdmissionPolicyBinding, { metadata: { name: 'bad' }, spec: { policyName: 'bad' } })
    await expect(
      test.transport.request({
        method: 'POST',
        path: '/api/v1/namespaces/default/configmaps',
        body: { metadata: { name: 'a' } },
      }),
    ).rejects.toMatchObject({ reason: 'Invalid', message: expect.stringContaining('metadata.labels') })
  })

  it.each([
    ['"text"', 'must evaluate to Object but got string'],
    ['Object.spec{}', 'must evaluate to Object but got Object.spec'],
    ['Object{spec: nothing}', "undeclared reference to 'nothing'"],
    ['Object{spec: variables.nothing}', "undefined field 'nothing'"],
  ])('says of %s what is wrong when the policy is made', async (expression, why) => {
    await expect(post(MutatingAdmissionPolicy, policy('x', 'pods', expression))).rejects.toMatchObject({
      reason: 'Invalid',
      message: expect.stringContaining(why),
    })
  })
})

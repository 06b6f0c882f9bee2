import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { KubeObject } from '../apimachinery/object-meta.ts'
import { type AnyKind, apiVersionOf } from '../kinds/define-kind.ts'
import {
  Deployment,
  HorizontalPodAutoscaler,
  LimitRange,
  MutatingAdmissionPolicy,
  MutatingAdmissionPolicyBinding,
  Pod,
  Service,
  ValidatingAdmissionPolicy,
  ValidatingAdmissionPolicyBinding,
} from '../kinds/index.ts'
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

const SUB = 'request.?subResource.orValue("")'

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

  it('may refuse who opens a connection, evicts, binds or scales, by what they ask for', async () => {
    const hear = { operations: ['*'], apiGroups: ['*'], apiVersions: ['*'], resources: ['*/*'] }
    const expressions = [
      'request.operation != "CONNECT" || request.subResource != "exec" || object.kind == "PodExecOptions" && !("sh" in object.command) && !object.?tty.orValue(false)',
      'request.operation != "CONNECT" || request.resource.resource != "services" || object.path != "/secret"',
      'request.subResource != "eviction" || request.kind.kind == "Eviction" && object.metadata.name != "kept"',
      'request.subResource != "scale" || request.kind.group == "autoscaling" && object.spec.replicas < 5',
      'request.subResource != "token" || object.spec.expirationSeconds <= 3600',
    ]
    const validations = expressions.map((text) => ({ expression: text.replaceAll('request.subResource', SUB) }))
    await post(ValidatingAdmissionPolicy, {
      metadata: { name: 'hear' },
      spec: { matchConstraints: { resourceRules: [hear] }, validations },
    })
    await post(ValidatingAdmissionPolicyBinding, {
      metadata: { name: 'hear' },
      spec: { policyName: 'hear', validationActions: ['Deny'] },
    })
    await post(Pod, { metadata: { name: 'kept' }, spec: { containers: [{ name: 'a', image: 'a:1' }] } })
    await post(Service, { metadata: { name: 'web' }, spec: { ports: [{ port: 80 }] } })
    const template = { metadata: { labels: { a: 'b' } }, spec: { containers: [{ name: 'a', image: 'a:1' }] } }
    await post(Deployment, {
      metadata: { name: 'web' },
      spec: { selector: { matchLabels: { a: 'b' } }, template },
    })
    const ask = async (
      method: 'GET' | 'POST' | 'PUT',
      place: string,
      body?: object,
      query?: Record<string, string>,
    ) => {
      const path = `${place.startsWith('apps') ? '/apis/apps/v1' : '/api/v1'}/namespaces/default/${place.replace('apps:', '')}`
      const told = { method, path, ...(body ? { body } : {}), ...(query ? { query } : {}) }
      return test.transport.request(told).then(
        () => 'done',
        (err: Error) => err.message,
      )
    }
    const denied = (what: string) =>
      `${what} is forbidden: ValidatingAdmissionPolicy 'hear' with binding 'hear' denied request`
    expect(await ask('POST', 'pods/kept/exec', undefined, { command: 'sh' })).toContain(denied('pods "kept"'))
    expect(await ask('POST', 'pods/kept/exec', undefined, { command: 'ls' })).toContain(
      'a container name must be specified',
    )
    // The official Python client writes flags so.
    expect(await ask('POST', 'pods/kept/exec', undefined, { command: 'ls', tty: 'True' })).toContain(
      denied('pods "kept"'),
    )
    expect(await ask('POST', 'pods/kept/exec', undefined, { command: 'ls', tty: 'False' })).toContain(
      'a container name must be specified',
    )
    expect(await ask('GET', 'services/web/proxy/secret')).toContain(denied('services "web"'))
    expect(await ask('GET', 'services/web/proxy/open')).toContain('no endpoints available')
    const eviction = { apiVersion: 'policy/v1', kind: 'Eviction', metadata: { name: 'kept' } }
    expect(await ask('POST', 'pods/kept/eviction', eviction)).toContain(denied('pods "kept"'))
    const scale = (replicas: number) => ({ metadata: { name: 'web', namespace: 'default' }, spec: { replicas } })
    expect(await ask('PUT', 'apps:deployments/web/scale', scale(5))).toContain(denied('deployments.apps "web"'))
    expect(await ask('PUT', 'apps:deployments/web/scale', scale(4))).toBe('done')
    const token = (expirationSeconds: number) => ({ spec: { expirationSeconds } })
    expect(await ask('POST', 'serviceaccounts/default/token', token(7200))).toContain(
      denied('serviceaccounts "default"'),
    )
    expect(await ask('POST', 'serviceaccounts/default/token', token(3600))).toBe('done')
  })

  it('may change what somebody opens a connection for', async () => {
    const expression = '[JSONPatch{op: "add", path: "/container", value: "inner"}]'
    const { metadata, spec } = policy('exec', 'pods/exec', '')
    const [rule] = spec.matchConstraints.resourceRules
    const matchConstraints = { resourceRules: [{ ...rule, operations: ['CONNECT'] }] }
    const mutations = [{ patchType: 'JSONPatch', jsonPatch: { expression } }]
    await post(MutatingAdmissionPolicy, { metadata, spec: { ...spec, matchConstraints, mutations } })
    await post(MutatingAdmissionPolicyBinding, { metadata, spec: { policyName: 'exec' } })
    await post(Pod, { metadata: { name: 'one' }, spec: { containers: [{ name: 'a', image: 'a:1' }] } })
    const path = '/api/v1/namespaces/default/pods/one/exec'
    await expect(test.transport.request({ method: 'GET', path, query: { command: 'ls' } })).rejects.toThrow(
      'container inner is not valid for pod one',
    )
  })

  it('shows a policy the version that it names, and takes back what it makes of that', async () => {
    const rules = { operations: ['*'], apiGroups: ['autoscaling'], apiVersions: ['v1'], resources: ['*'] }
    const constraints = (matchPolicy: string) => ({ resourceRules: [rules], matchPolicy })
    const less = mutation(
      'Object{spec: Object.spec{targetCPUUtilizationPercentage: object.spec.targetCPUUtilizationPercentage - 30}}',
    )
    const spec = { reinvocationPolicy: 'Never', mutations: [less] }
    for (const matchPolicy of ['Equivalent', 'Exact']) {
      const metadata = { name: matchPolicy.toLowerCase() }
      await post(MutatingAdmissionPolicy, { metadata, spec: { ...spec, matchConstraints: constraints(matchPolicy) } })
      await post(MutatingAdmissionPolicyBinding, { metadata, spec: { policyName: metadata.name } })
    }
    const metric = (averageUtilization: number) => ({
      type: 'Resource',
      resource: { name: 'cpu', target: { type: 'Utilization', averageUtilization } },
    })
    const made = await post(HorizontalPodAutoscaler, {
      metadata: { name: 'web' },
      spec: {
        scaleTargetRef: { apiVersion: 'apps/v1', kind: 'Deployment', name: 'web' },
        maxReplicas: 3,
        metrics: [metric(80)],
      },
    })
    expect(made).toMatchObject({ apiVersion: 'autoscaling/v2', spec: { metrics: [metric(50)] } })
  })

  it('says in a policy’s status what cannot be right about it', async () => {
    const resourceRules = [{ operations: ['*'], apiGroups: ['apps'], apiVersions: ['v1'], resources: ['deployments'] }]
    await post(ValidatingAdmissionPolicy, {
      metadata: { name: 'checked' },
      spec: { matchConstraints: { resourceRules }, validations: [{ expression: 'object.replicas > 1' }] },
    })
    const status = async () =>
      (await test.client.of(ValidatingAdmissionPolicy).get({ name: 'checked' })).status?.typeChecking
    await expect.poll(status, { timeout: 60_000 }).toMatchObject({
      expressionWarnings: [
        {
          fieldRef: 'spec.validations[0].expression',
          warning: expect.stringContaining("apps/v1, Kind=Deployment: ERROR: <input>:1:7: undefined field 'replicas'"),
        },
      ],
    })
  })

  it('is counted under upstream’s names', async () => {
    const text = String(await test.transport.request({ method: 'GET', path: '/metrics' }))
    expect(text).toMatch(
      /^apiserver_admission_controller_admission_duration_seconds_count\{name="LimitRanger",type="admit",operation="CREATE",rejected="false"\} \d+$/m,
    )
    expect(text).toMatch(
      /^apiserver_admission_step_admission_duration_seconds_count\{type="validate",operation="CONNECT",rejected="true"\} \d+$/m,
    )
    expect(text).toMatch(
      /^apiserver_validating_admission_policy_check_total\{policy="hear",policy_binding="hear",error_type="no_error",enforcement_action="deny"\} \d+$/m,
    )
    expect(text).toMatch(
      /^apiserver_mutating_admission_policy_check_total\{policy="side",policy_binding="side",error_type="no_error",enforcement_action="allow"\} \d+$/m,
    )
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

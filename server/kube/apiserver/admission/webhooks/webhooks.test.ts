import type { MutatingWebhook } from 'kubernetes-types/admissionregistration/v1'
import { describe, expect, it } from 'vitest'
import { Metrics } from '../../../../base/metrics.ts'
import { isJsonObject, type JsonObject } from '../../../apimachinery/json.ts'
import type { KubeObject } from '../../../apimachinery/object-meta.ts'
import {
  ConfigMap,
  MutatingWebhookConfiguration,
  Namespace,
  ValidatingWebhookConfiguration,
} from '../../../kinds/index.ts'
import { loadSchemas } from '../../../schemas/load-schemas.ts'
import { askPlugin, type There } from '../../testing/ask-plugin.ts'
import { AdmissionMetrics } from '../admission-metrics.ts'
import { mutatingWebhooks, validatingWebhooks } from './index.ts'

interface Review extends JsonObject {
  request: JsonObject & { uid: string; object: JsonObject }
}
type Call = Parameters<typeof mutatingWebhooks>[0]['call']
/** What the service answers, over a yes; a string for an answer that is none. */
type Answer = (review: Review, path: string) => JsonObject | string | Promise<never>

const rule = {
  operations: ['CREATE', 'UPDATE', 'DELETE'],
  apiGroups: [''],
  apiVersions: ['v1'],
  resources: ['configmaps'],
}
const hook = (name: string, more: object = {}): MutatingWebhook => ({
  name: `${name}.example.com`,
  clientConfig: { service: { namespace: 'default', name, path: `/${name}` } },
  rules: [rule],
  failurePolicy: 'Fail',
  sideEffects: 'None',
  admissionReviewVersions: ['v1'],
  timeoutSeconds: 5,
  ...more,
})
const patch = (...operations: object[]) => ({
  patchType: 'JSONPatch',
  patch: Buffer.from(JSON.stringify(operations)).toString('base64'),
})
const add = (key: string, value = 'x') => patch({ op: 'add', path: `/data/${key}`, value })
const configMap = {
  metadata: { name: 'a', namespace: 'default', labels: { team: 'otters' } },
  data: { own: 'x' },
} as KubeObject
const schemas = await loadSchemas()

function asking(of: 'mutating' | 'validating', answer: Answer, ...webhooks: MutatingWebhook[]) {
  const paths: string[] = []
  const reviews: Review[] = []
  const call: Call = async ({ path, body }) => {
    paths.push(path)
    const review = body as Review
    reviews.push(structuredClone(review))
    const told = await answer(review, path)
    if (typeof told === 'string') return { code: 200, text: told }
    if (typeof told.code === 'number') return { code: told.code, text: 'oh no' }
    const response = { uid: review.request.uid, allowed: true, ...told }
    return { code: 200, text: JSON.stringify({ apiVersion: review.apiVersion, kind: review.kind, response }) }
  }
  const kind = of === 'mutating' ? MutatingWebhookConfiguration : ValidatingWebhookConfiguration
  const there: There = [
    [kind, { metadata: { name: 'all' }, webhooks } as KubeObject],
    [Namespace, { metadata: { name: 'default', labels: { level: 'high' } } }],
  ]
  const plugin =
    of === 'mutating'
      ? mutatingWebhooks({ call, schemas, authorizers: [], metrics })
      : validatingWebhooks({ call, authorizers: [], metrics })
  const ask = async (more: object = {}) => askPlugin(plugin, { kind: ConfigMap, object: configMap, ...more }, there)
  return { ask, paths, reviews }
}

const counted = new Metrics()
const metrics = new AdmissionMetrics(counted)

it('are counted, and tell the audit log what became of them', async () => {
  const ignored = hook('lost', { failurePolicy: 'Ignore' })
  const answers: Answer = (_, path) => (path.startsWith('/lost') ? 'nothing' : path.startsWith('/b') ? add('b') : {})
  const { ask } = asking('mutating', answers, ignored, hook('a'), hook('b'))
  const { annotations, bodyAnnotations } = await ask()
  expect(bodyAnnotations).toEqual({
    'patch.webhook.admission.k8s.io/round_0_index_2': JSON.stringify({
      configuration: 'all',
      webhook: 'b.example.com',
      patch: [{ op: 'add', path: '/data/b', value: 'x' }],
      patchType: 'JSONPatch',
    }),
  })
  expect(annotations).toMatchObject({
    'failed-open.mutation.webhook.admission.k8s.io/round_0_index_0': 'lost.example.com',
    'mutation.webhook.admission.k8s.io/round_0_index_1': JSON.stringify({
      configuration: 'all',
      webhook: 'a.example.com',
      mutated: false,
    }),
    'mutation.webhook.admission.k8s.io/round_0_index_2': JSON.stringify({
      configuration: 'all',
      webhook: 'b.example.com',
      mutated: true,
    }),
  })
  await asking('validating', () => ({ allowed: false, status: { code: 418 } }), hook('no')).ask()
  const text = counted.text()
  for (const line of [
    'apiserver_admission_webhook_fail_open_count{name="lost.example.com",type="admit"} 1',
    'apiserver_admission_webhook_request_total{name="a.example.com",type="admit",operation="CREATE",code="200",rejected="false"} 1',
    'apiserver_admission_webhook_rejection_count{name="no.example.com",type="validating",operation="CREATE",error_type="no_error",rejection_code="418"} 1',
  ]) {
    expect(text).toContain(line)
  }
})

const DENIED = 'admission webhook "a.example.com" denied the request'
const FAILED = 'Internal error occurred: failed calling webhook "a.example.com": '

describe('validating webhooks', () => {
  it.each<[string, Answer, object, string | undefined]>([
    ['a yes', () => ({}), {}, undefined],
    ['a no', () => ({ allowed: false }), {}, `${DENIED} without explanation`],
    ['a no with words', () => ({ allowed: false, status: { message: 'no otters' } }), {}, `${DENIED}: no otters`],
    ['no words but a reason', () => ({ allowed: false, status: { reason: 'Forbidden' } }), {}, `${DENIED}: Forbidden`],
    [
      'an error of the server',
      () => ({ code: 500 }),
      {},
      `${FAILED}failed to call webhook: an error on the server ("oh no") has prevented the request from succeeding`,
    ],
    ['an error that may be passed over', () => ({ code: 500 }), { failurePolicy: 'Ignore' }, undefined],
    ['a no is not an error', () => ({ allowed: false }), { failurePolicy: 'Ignore' }, `${DENIED} without explanation`],
    [
      'nobody there',
      () => Promise.reject(new Error('Post "https://a.default.svc:443/a?timeout=5s": service "a" not found')),
      {},
      `${FAILED}failed to call webhook: Post "https://a.default.svc:443/a?timeout=5s": service "a" not found`,
    ],
    [
      'no answer in it',
      () => JSON.stringify({}),
      {},
      `${FAILED}received invalid webhook response: webhook response lacked a response`,
    ],
    [
      'an answer for another',
      () => ({ uid: 'other' }),
      {},
      expect.stringContaining('received invalid webhook response: expected response.uid="') as unknown as string,
    ],
    ['other labels', () => ({ allowed: false }), { objectSelector: { matchLabels: { team: 'seals' } } }, undefined],
    [
      'another namespace',
      () => ({ allowed: false }),
      { namespaceSelector: { matchLabels: { level: 'low' } } },
      undefined,
    ],
    [
      'a condition that does not hold',
      () => ({ allowed: false }),
      { matchConditions: [{ name: 'a', expression: 'object.metadata.name != "a"' }] },
      undefined,
    ],
    [
      'a condition that cannot be judged',
      () => ({}),
      { matchConditions: [{ name: 'a', expression: 'object.spec.nope == 1' }] },
      expect.stringContaining('configmaps "a" is forbidden: ') as unknown as string,
    ],
  ])('judge by %s', async (_what, answer, more, expected) => {
    const { ask } = asking('validating', answer, hook('a', more))
    expect((await ask()).refused).toEqual(expected)
  })

  it('are told of the request, and tell of it', async () => {
    const { ask, reviews, paths } = asking(
      'validating',
      () => ({ warnings: ['careful'], auditAnnotations: { key: 'seen' } }),
      hook('a'),
    )
    const told = await ask()
    expect(told).toMatchObject({ warnings: ['careful'], annotations: { 'a.example.com/key': 'seen' } })
    expect(paths).toEqual(['/a?timeout=5s'])
    expect(reviews[0]).toMatchObject({
      apiVersion: 'admission.k8s.io/v1',
      kind: 'AdmissionReview',
      request: {
        kind: { group: '', version: 'v1', kind: 'ConfigMap' },
        resource: { group: '', version: 'v1', resource: 'configmaps' },
        operation: 'CREATE',
        name: 'a',
        namespace: 'default',
        userInfo: { username: 'otter' },
        object: { apiVersion: 'v1', kind: 'ConfigMap', data: { own: 'x' } },
        oldObject: null,
        dryRun: false,
      },
    })
  })

  it('are not asked about what would free of them', async () => {
    const { ask, paths } = asking(
      'validating',
      () => ({ allowed: false }),
      hook('a', { rules: [{ ...rule, resources: ['*'], apiGroups: ['*'] }] }),
    )
    const object = { metadata: { name: 'all' } }
    expect((await ask({ kind: ValidatingWebhookConfiguration, object })).refused).toBeUndefined()
    expect(paths).toEqual([])
  })
})

describe('mutating webhooks', () => {
  it('change what is written, one after the other', async () => {
    const { ask, reviews } = asking('mutating', (_, path) => add(path.slice(1, 2)), hook('a'), hook('b'))
    expect((await ask()).object).toMatchObject({ data: { own: 'x', a: 'x', b: 'x' } })
    expect(reviews[1]?.request.object).toMatchObject({ data: { own: 'x', a: 'x' } })
  })

  it('may set a number of 64 bits, which the next one sees whole', async () => {
    const generation = 2n ** 63n - 1n
    const set = patch({ op: 'add', path: '/metadata/generation', value: generation })
    const { ask, reviews } = asking('mutating', (_, path) => (path.startsWith('/a') ? set : {}), hook('a'), hook('b'))
    expect((await ask()).object).toMatchObject({ metadata: { generation } })
    expect(reviews[1]?.request.object).toMatchObject({ metadata: { generation } })
  })

  it('see again what was changed after them, where they want to', async () => {
    const answer: Answer = (_, path) => add(path.slice(1, 2))
    const again = hook('a', { reinvocationPolicy: 'IfNeeded' })
    const { ask, paths } = asking('mutating', answer, again, hook('b'), hook('c'))
    await ask()
    expect(paths.map((path) => path[1])).toEqual(['a', 'b', 'c', 'a'])
    const quiet = asking('mutating', () => ({}), again, hook('b'))
    await quiet.ask()
    expect(quiet.paths).toHaveLength(2)
  })

  it.each<[string, object, string]>([
    [
      'patch that does not fit',
      patch({ op: 'remove', path: '/data/nope' }),
      'Unable to remove nonexistent key: nope: missing value',
    ],
    ['value of another type', patch({ op: 'replace', path: '/data', value: 'x' }), 'cannot unmarshal string'],
    ['patch without its type', { patch: add('a').patch }, 'webhook returned response.patch but not response.patchType'],
    ['patch that is none', { patchType: 'JSONPatch', patch: '####' }, 'received undecodable patch'],
  ])('cannot change by a %s', async (_what, response, expected) => {
    const { ask } = asking('mutating', () => response as JsonObject, hook('a'))
    const { refused, object } = await ask()
    expect(refused).toContain(expected)
    expect(isJsonObject(object) && object.data).toEqual({ own: 'x' })
  })

  it('may not change what is deleted, but hear of it', async () => {
    const { ask, reviews } = asking('mutating', () => ({}), hook('a'))
    const deleted = { operation: 'DELETE', object: undefined, previous: configMap }
    expect((await ask(deleted)).refused).toBeUndefined()
    expect(reviews[0]?.request).toMatchObject({ operation: 'DELETE', object: null, oldObject: { data: { own: 'x' } } })
    const changing = asking('mutating', () => add('a'), hook('a'))
    expect((await changing.ask(deleted)).refused).toContain('attempted to modify the object, which is not supported')
  })
})

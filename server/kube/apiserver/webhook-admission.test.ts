import { afterEach, expect, it } from 'vitest'
import type { KubeObject } from '../apimachinery/object-meta.ts'
import type { AuditEvent } from './audit/event.ts'
import { readAuditPolicy } from './audit/policy.ts'
import { type FakeService, startFakeService } from './testing/fake-service.ts'

let service: FakeService
afterEach(() => service[Symbol.asyncDispose]())

interface Review {
  request: { uid: string; object: KubeObject & { data?: Record<string, string> } }
}

const AUDITED = `
apiVersion: audit.k8s.io/v1
kind: Policy
rules:
  - {level: Request, resources: [{resources: [configmaps]}], namespaces: [default]}
  - {level: Metadata, resources: [{resources: [configmaps]}]}
`

it('asks services of the cluster, by the kubelet of their pods', async () => {
  const audited: AuditEvent[] = []
  const audit = {
    policy: readAuditPolicy(AUDITED, 'policy.yaml'),
    write: (event: AuditEvent) => void audited.push(event),
  }
  service = await startFakeService(
    (request, response) => {
      let text = ''
      request.on('data', (chunk) => {
        text += chunk
      })
      request.on('end', () => {
        const review = JSON.parse(text) as Review
        const { uid, object } = review.request
        const operations = [{ op: 'add', path: '/data', value: { ...object.data, seen: request.url } }]
        const answer = request.url?.startsWith('/mutate')
          ? { allowed: true, patchType: 'JSONPatch', patch: Buffer.from(JSON.stringify(operations)).toString('base64') }
          : object.data?.bad
            ? { allowed: false, status: { message: 'bad', code: 403 } }
            : { allowed: true }
        response.end(JSON.stringify({ ...review, response: { uid, ...answer } }))
      })
    },
    { audit },
  )
  const configure = (kind: string, path: string) => ({
    apiVersion: 'admissionregistration.k8s.io/v1',
    kind,
    metadata: { name: 'hooks' },
    webhooks: [
      {
        name: 'a.example.com',
        clientConfig: { service: { namespace: 'default', name: 'hook', path }, caBundle: service.caBundle },
        rules: [{ operations: ['CREATE'], apiGroups: [''], apiVersions: ['v1'], resources: ['configmaps'] }],
        sideEffects: 'None',
        admissionReviewVersions: ['v1'],
      },
    ],
  })
  const post = async (path: string, body: object) =>
    (await service.test.transport.request({ method: 'POST', path, body })) as { data?: object }
  const group = '/apis/admissionregistration.k8s.io/v1'
  await post(`${group}/mutatingwebhookconfigurations`, configure('MutatingWebhookConfiguration', '/mutate'))
  await post(`${group}/validatingwebhookconfigurations`, configure('ValidatingWebhookConfiguration', '/judge'))
  const configMaps = '/api/v1/namespaces/default/configmaps'
  const made = await post(configMaps, { metadata: { name: 'good' }, data: { own: 'x' } })
  expect(made.data).toEqual({ own: 'x', seen: '/mutate?timeout=10s' })
  await expect(post(configMaps, { metadata: { name: 'bad' }, data: { bad: 'x' } })).rejects.toMatchObject({
    code: 403,
    message: 'admission webhook "a.example.com" denied the request: bad',
  })

  // What a webhook patched is as secret as what was sent: only a log that holds that tells it.
  const elsewhere = '/api/v1/namespaces/kube-public/configmaps'
  await post(elsewhere, { metadata: { name: 'good' }, data: { own: 'x' } })
  const annotationsIn = (namespace: string) => {
    const event = audited.find(
      ({ stage, objectRef: ref }) => stage === 'ResponseComplete' && ref?.namespace === namespace,
    )
    return Object.keys(event?.annotations ?? {}).filter((key) => key.includes('webhook'))
  }
  const mutation = 'mutation.webhook.admission.k8s.io/round_0_index_0'
  expect(annotationsIn('default')).toEqual([mutation, 'patch.webhook.admission.k8s.io/round_0_index_0'])
  expect(annotationsIn('kube-public')).toEqual([mutation])
})

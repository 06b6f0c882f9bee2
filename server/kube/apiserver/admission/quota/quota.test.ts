import type { ResourceQuota as WireQuota } from 'kubernetes-types/core/v1'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { KubeObject } from '../../../apimachinery/object-meta.ts'
import type { AnyKind } from '../../../kinds/define-kind.ts'
import { ConfigMap, Pod, ResourceQuota, Service } from '../../../kinds/index.ts'
import { startTestServer, type TestServer } from '../../testing/test-server.ts'
import type { AdmissionRequest } from '../admission.ts'
import { judgeByQuota } from './check.ts'

const quota = (hard: Record<string, string>, used: Record<string, string>, spec: object = {}): WireQuota => ({
  metadata: { name: 'q', namespace: 'default' },
  spec,
  status: { hard, used },
})
const pod = (...cpus: (string | undefined)[]) =>
  ({
    metadata: { name: 'web' },
    spec: {
      containers: cpus.map((cpu, index) => ({ name: `c${index}`, resources: cpu ? { requests: { cpu } } : {} })),
    },
  }) as KubeObject
const service = (type: string, ports: number) =>
  ({ spec: { type, ports: Array.from({ length: ports }, (_, index) => ({ port: index + 1 })) } }) as KubeObject

describe('a quota', () => {
  it.each([
    [
      'lets in what fits',
      Pod,
      pod('1'),
      undefined,
      quota({ pods: '2', 'requests.cpu': '2' }, { pods: '1', 'requests.cpu': '1' }),
      { pods: '2', 'requests.cpu': '2' },
    ],
    [
      'refuses what does not',
      Pod,
      pod('500m', '1'),
      undefined,
      quota({ pods: '5', 'requests.cpu': '2' }, { pods: '1', 'requests.cpu': '1' }),
      'exceeded quota: q, requested: requests.cpu=1500m, used: requests.cpu=1, limited: requests.cpu=2',
    ],
    [
      'names all that is too much',
      Pod,
      pod('2'),
      undefined,
      quota({ pods: '1', cpu: '1' }, { pods: '1', cpu: '0' }),
      'exceeded quota: q, requested: cpu=2,pods=1, used: cpu=0,pods=1, limited: cpu=1,pods=1',
    ],
    [
      'wants to be told',
      Pod,
      pod('1', undefined),
      undefined,
      quota({ 'requests.cpu': '9', 'limits.memory': '1Gi' }, { 'requests.cpu': '0', 'limits.memory': '0' }),
      'failed quota: q: must specify limits.memory for: c0,c1; requests.cpu for: c1',
    ],
    [
      'does not know yet',
      Pod,
      pod('1'),
      undefined,
      quota({ pods: '2' }, {}),
      'status unknown for quota: q, resources: pods',
    ],
    ['is about something else', ConfigMap, {}, undefined, quota({ pods: '0' }, { pods: '0' }), 'irrelevant'],
    [
      'has another scope',
      Pod,
      pod('1'),
      undefined,
      quota({ pods: '0' }, { pods: '0' }, { scopes: ['BestEffort'] }),
      'irrelevant',
    ],
    [
      'counts',
      ConfigMap,
      {},
      undefined,
      quota({ 'count/configmaps': '1' }, { 'count/configmaps': '0' }),
      { 'count/configmaps': '1' },
    ],
    [
      'counts what an update adds',
      Service,
      service('NodePort', 3),
      service('NodePort', 1),
      quota({ services: '1', 'services.nodeports': '2' }, { services: '1', 'services.nodeports': '1' }),
      'exceeded quota: q, requested: services.nodeports=2, used: services.nodeports=1, limited: services.nodeports=2',
    ],
    [
      'gives back what an update takes away, also when it is too full',
      Service,
      service('ClusterIP', 1),
      service('NodePort', 1),
      quota({ 'services.nodeports': '0' }, { 'services.nodeports': '2' }),
      { 'services.nodeports': '1' },
    ],
  ] as [string, AnyKind, KubeObject, KubeObject | undefined, WireQuota, unknown][])(
    '%s',
    (_what, kind, object, previous, of, expected) => {
      const request = { kind, object, previous, operation: previous ? 'UPDATE' : 'CREATE' } as AdmissionRequest
      const judgement = judgeByQuota(request, of, 0)
      expect(
        judgement.outcome === 'fits'
          ? judgement.used
          : judgement.outcome === 'refused'
            ? judgement.why
            : judgement.outcome,
      ).toEqual(expected)
    },
  )

  describe('in a server', () => {
    let test: TestServer
    beforeEach(async () => {
      test = await startTestServer()
    })
    afterEach(() => test[Symbol.asyncDispose]())

    const put = async (hard: Record<string, string>) => {
      const quotas = test.client.of(ResourceQuota)
      const made = await quotas.create({ metadata: { name: 'q', namespace: 'default' }, spec: { hard } })
      const used = Object.fromEntries(Object.keys(hard).map((name) => [name, '0']))
      await quotas.updateStatus({ ...made, status: { hard, used } })
    }
    const make = (name: string, dryRun = false) =>
      test.transport.request({
        method: 'POST',
        path: '/api/v1/namespaces/default/configmaps',
        body: { metadata: { name } },
        ...(dryRun ? { query: { dryRun: 'All' } } : {}),
      })

    it('lets in as many of 64 at once as fit, and not one more', async () => {
      await put({ configmaps: '10' })
      const answers = await Promise.allSettled(Array.from({ length: 64 }, (_, index) => make(`m-${index}`)))
      const refused = answers.filter(({ status }) => status === 'rejected') as PromiseRejectedResult[]
      expect(answers.length - refused.length).toBe(10)
      for (const { reason } of refused) {
        expect(reason).toMatchObject({
          reason: 'Forbidden',
          message: expect.stringMatching(
            /^configmaps "m-\d+" is forbidden: exceeded quota: q, requested: configmaps=1, used: configmaps=10, limited: configmaps=10$/,
          ),
        })
      }
      const listed = await test.client.of(ConfigMap).list({ namespace: 'default' })
      expect(listed.items).toHaveLength(10)
      const { status } = await test.client.of(ResourceQuota).get({ namespace: 'default', name: 'q' })
      expect(status?.used).toEqual({ configmaps: '10' })
    })

    it('charges nothing for a dry run', async () => {
      await put({ configmaps: '1' })
      await make('a', true)
      await make('a')
      await expect(make('b', true)).rejects.toMatchObject({ reason: 'Forbidden' })
    })
  })
})

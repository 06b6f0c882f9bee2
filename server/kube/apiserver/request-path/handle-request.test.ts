import { expect, it } from 'vitest'
import { FakeClock } from '../../../base/clock.ts'
import { noLogger } from '../../../base/logger.ts'
import { Metrics } from '../../../base/metrics.ts'
import { noTrace } from '../../../base/trace.ts'
import { loadSchemas } from '../../schemas/load-schemas.ts'
import { writeProtobuf } from '../../schemas/protobuf/protobuf.ts'
import { Auditor } from '../audit/auditor.ts'
import type { AuditEvent } from '../audit/event.ts'
import { type Level, readAuditPolicy } from '../audit/policy.ts'
import { Authentication } from '../authentication/index.ts'
import { policyOf, type RbacPolicy } from '../authorization/rbac/policy.ts'
import { rbacAuthorizer } from '../authorization/rbac/rbac-authorizer.ts'
import { allow, role, roleBinding } from '../authorization/testing/policies.ts'
import { FlowControl } from '../flow-control/flow-control.ts'
import { CauseMap } from '../watch-cache/cause-map.ts'
import type { ApiRequest } from './api-request.ts'
import { handleRequest, type RequestPathOptions } from './handle-request.ts'
import { RequestMetrics } from './request-metrics.ts'

const schemas = loadSchemas()
const map = '/api/v1/namespaces/shop/configmaps/a'

function asking(policy: RbacPolicy, more: Partial<RequestPathOptions> = {}) {
  const clock = new FakeClock()
  const metrics = new Metrics()
  const options: RequestPathOptions = {
    clock,
    logger: noLogger,
    trace: noTrace,
    authentication: new Authentication({ tokens: () => [], anonymous: { enabled: true }, audiences: [] }),
    authorization: { chain: [rbacAuthorizer(policy)], policy },
    caughtUp: () => undefined,
    causes: new CauseMap(),
    flowControl: new FlowControl({ clock, metrics, seats: 1, schemas: () => [], levels: () => [] }),
    metrics: new RequestMetrics(metrics, () => true),
    listSize: () => 1,
    endpoint: async () => ({ type: 'document', code: 200, contentType: 'text/plain', body: 'ok' }),
    ...more,
  }
  const usual: ApiRequest = {
    method: 'GET',
    path: map,
    query: new URLSearchParams(),
    userAgent: 'kubectl',
    accept: '',
    contentType: '',
    because: '',
    credentials: { type: 'known', user: { name: 'otter', groups: [] } },
    body: { type: 'none' },
  }
  return (request: Partial<ApiRequest> = {}) => handleRequest(options, { ...usual, ...request })
}

it('says no only after the cache has caught up with what is stored', async () => {
  const policy = policyOf([role('shop/maps', [allow('get', 'configmaps')])])
  let waited = 0
  const ask = asking(policy, {
    caughtUp: async () => {
      waited++
      policy.put('RoleBinding', roleBinding('shop/maps', 'Role maps', 'User otter'))
    },
  })
  expect((await ask()).ok).toBe(true)
  expect((await ask()).ok).toBe(true)
  expect(waited, 'a yes waits for nothing').toBe(1)
  expect((await ask({ path: '/api/v1/namespaces/shop/secrets/a' })).ok).toBe(false)
})

const everything = policyOf([
  role('shop/all', [allow('*', 'configmaps')]),
  roleBinding('shop/all', 'Role all', 'User otter'),
])

function audited(level: Level, endpoint: RequestPathOptions['endpoint']) {
  const events: AuditEvent[] = []
  const source = `apiVersion: audit.k8s.io/v1\nkind: Policy\nomitStages: [RequestReceived]\nrules: [{level: ${level}}]`
  const auditor = new Auditor({ policy: readAuditPolicy(source, 'p'), write: (event) => events.push(event) }, schemas)
  return { ask: asking(everything, { auditor, endpoint }), events }
}

it('calls it a panic in the audit log when a request ends in a way that nobody has foreseen', async () => {
  const { ask, events } = audited('Metadata', () => Promise.reject(new TypeError('no such field')))
  expect(await ask()).toMatchObject({ ok: false, error: { reason: 'InternalError' } })
  expect(events).toMatchObject([
    {
      stage: 'Panic',
      responseStatus: {
        status: 'Failure',
        reason: 'InternalError',
        code: 500,
        message: "APIServer panic'd: no such field",
      },
    },
  ])
})

it('writes down as JSON what was sent as protobuf', async () => {
  const object = { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'a' }, data: { key: 'value' } }
  const bytes = writeProtobuf(schemas, object)!
  const { ask, events } = audited('Request', async (_context, _info, { body }) => {
    if (body.type === 'bytes') await body.read()
    return { type: 'document', code: 201, contentType: '', body: '' }
  })
  await ask({
    method: 'PUT',
    contentType: 'application/vnd.kubernetes.protobuf',
    body: { type: 'bytes', read: async () => bytes },
  })
  expect(events).toMatchObject([{ stage: 'ResponseComplete', requestObject: object }])
})

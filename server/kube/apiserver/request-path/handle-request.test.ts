import { expect, it } from 'vitest'
import { FakeClock } from '../../../base/clock.ts'
import { noLogger } from '../../../base/logger.ts'
import { Metrics } from '../../../base/metrics.ts'
import { noTrace } from '../../../base/trace.ts'
import { Authentication } from '../authentication/index.ts'
import { policyOf } from '../authorization/rbac/policy.ts'
import { rbacAuthorizer } from '../authorization/rbac/rbac-authorizer.ts'
import { allow, role, roleBinding } from '../authorization/testing/policies.ts'
import { FlowControl } from '../flow-control/flow-control.ts'
import { CauseMap } from '../watch-cache/cause-map.ts'
import type { ApiRequest } from './api-request.ts'
import { handleRequest } from './handle-request.ts'
import { RequestMetrics } from './request-metrics.ts'

it('says no only after the cache has caught up with what is stored', async () => {
  const policy = policyOf([role('shop/maps', [allow('get', 'configmaps')])])
  const waited: string[] = []
  const clock = new FakeClock()
  const metrics = new Metrics()
  const ask = (path: string) =>
    handleRequest(
      {
        clock,
        logger: noLogger,
        trace: noTrace,
        authentication: new Authentication({ tokens: () => [], anonymous: { enabled: true }, audiences: [] }),
        authorization: { chain: [rbacAuthorizer(policy)], policy },
        caughtUp: async () => {
          waited.push(path)
          policy.put('RoleBinding', roleBinding('shop/maps', 'Role maps', 'User otter'))
        },
        causes: new CauseMap(),
        flowControl: new FlowControl({ clock, metrics, seats: 1, schemas: () => [], levels: () => [] }),
        metrics: new RequestMetrics(metrics, () => true),
        listSize: () => 1,
        endpoint: async () => ({ type: 'document', code: 200, contentType: 'text/plain', body: 'ok' }),
      },
      {
        method: 'GET',
        path,
        query: new URLSearchParams(),
        userAgent: 'kubectl',
        accept: '',
        contentType: '',
        because: '',
        credentials: { type: 'known', user: { name: 'otter', groups: [] } },
        body: { type: 'none' },
      } satisfies ApiRequest,
    )
  const map = '/api/v1/namespaces/shop/configmaps/a'
  expect((await ask(map)).ok).toBe(true)
  expect((await ask(map)).ok).toBe(true)
  expect(waited, 'a yes waits for nothing').toEqual([map])
  expect((await ask('/api/v1/namespaces/shop/secrets/a')).ok).toBe(false)
})

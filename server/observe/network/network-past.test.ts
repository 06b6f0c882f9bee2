import { expect, it } from 'vitest'
import { startTestServer } from '../../kube/apiserver/testing/test-server.ts'
import type { ClusterHost } from '../../kube/cluster/index.ts'
import { stateAt } from '../../kube/cluster/past.ts'
import { Node, Pod, Service, ServiceAccount } from '../../kube/kinds/index.ts'
import { networkAt } from './network-past.ts'

it('tells whom a Service selected then, and says when the store has forgotten it', async () => {
  await using test = await startTestServer()
  const host = { stateAt: (_, query) => stateAt(test.store, query) } satisfies Partial<ClusterHost>
  const at = (revision: number) => networkAt(host as unknown as ClusterHost, 'any', revision)
  const web = { namespace: 'default', name: 'web' }
  await test.client.of(ServiceAccount).create({ metadata: { namespace: 'default', name: 'default' } })
  await test.client.of(Node).create({ metadata: { name: 'node-1' } })
  await test.client
    .of(Pod)
    .create({ metadata: { ...web, labels: { app: 'web' } }, spec: { containers: [{ name: 'a', image: 'b' }] } })
  const made = await test.client
    .of(Service)
    .create({ metadata: web, spec: { selector: { app: 'wbe' }, ports: [{ port: 80 }] } })
  const then = Number(made.metadata?.resourceVersion)
  await test.client.of(Service).patch(web, 'application/merge-patch+json', { spec: { selector: { app: 'web' } } })
  const moment = await at(then)
  expect(moment?.services.find(({ name }) => name === 'web')).toMatchObject({ selector: 'app=wbe' })
  expect([moment?.pods.map(({ name }) => name), moment?.machines.map(({ name }) => name)]).toEqual([
    ['web'],
    ['node-1'],
  ])
  expect((await at(test.store.revision))?.services.find(({ name }) => name === 'web')?.selector).toBe('app=web')
  expect((await at(then - 1))?.services.some(({ name }) => name === 'web')).toBe(false)
  await test.store.compact(test.store.revision)
  expect(await at(then)).toBeUndefined()
})

// An operator as people write them, on our own client: a custom resource, an informer, a loop that makes what is wanted
// and says in the status what there is.

import { expect, it } from 'vitest'
import { systemClock } from '../../base/clock.ts'
import { noLogger } from '../../base/logger.ts'
import { noTrace } from '../../base/trace.ts'
import type { KubeObject } from '../apimachinery/object-meta.ts'
import { createClient } from '../client/client.ts'
import { controller } from '../client/controller-builder.ts'
import { runControllers } from '../client/controller-runner.ts'
import { ConfigMap } from '../kinds/config-map.ts'
import { defineKind } from '../kinds/define-kind.ts'
import { crontab, crontabs, define } from './testing/crontab.ts'
import { startTestServer } from './testing/test-server.ts'
import { watchLog } from './testing/watch-log.ts'

interface CronTabWire extends KubeObject {
  spec: { cronSpec: string; replicas?: number }
  status?: { replicas?: number }
}

const CronTab = defineKind<CronTabWire>({
  group: 'stable.example.com',
  version: 'v1',
  kind: 'CronTab',
  plural: 'crontabs',
  subresources: ['status'],
})

const operator = controller('crontab')
  .for(CronTab)
  .owns(ConfigMap)
  .reconcileWith((view) => {
    const tabs = view.cache(CronTab)
    const maps = view.cache(ConfigMap)
    return {
      async reconcile({ key, client }) {
        const tab = tabs.get(key)
        if (!tab) return
        const { name = '', namespace = '', uid = '' } = tab.metadata ?? {}
        const own = maps.controlledBy(uid)
        const wanted = tab.spec.replicas ?? 1
        const owner = { apiVersion: 'stable.example.com/v1', kind: 'CronTab', name, uid, controller: true }
        for (let index = own.length; index < wanted; index++) {
          await client
            .of(ConfigMap)
            .create({ metadata: { namespace, generateName: `${name}-`, ownerReferences: [owner] } })
        }
        if (tab.status?.replicas !== own.length) {
          await client.of(CronTab).updateStatus({ ...tab, status: { replicas: own.length } })
        }
      },
    }
  })

it('runs an operator that somebody has written', async () => {
  await using test = await startTestServer()
  await define(test.transport, crontabs({ subresources: { status: {} } }))
  await using running = runControllers({
    definitions: [operator],
    component: 'operator',
    clientFor: (client) =>
      createClient(test.server.transportFor({ user: 'operator', groups: ['system:masters'], client })),
    clock: systemClock,
    logger: noLogger,
    trace: noTrace,
    random: Math.random,
  })
  await running.ready
  using log = await watchLog(test.transport, '/apis/stable.example.com/v1/crontabs')
  await test.client
    .of(CronTab)
    .create({ ...crontab('mine', { replicas: 2 }), metadata: { namespace: 'default', name: 'mine' } })
  for (let count = 1; ; count++) {
    await log.length(count)
    const { status } = log.events[count - 1]!.object as CronTabWire
    if (status?.replicas === 2) break
  }
  const maps = await test.client.of(ConfigMap).list({ namespace: 'default' })
  expect(maps.items.filter(({ metadata }) => metadata?.name?.startsWith('mine-'))).toHaveLength(2)
})

import { expect, it } from 'vitest'
import { systemClock } from '../../base/clock.ts'
import { noLogger } from '../../base/logger.ts'
import { startTestServer } from '../../kube/apiserver/testing/test-server.ts'
import type { Transport } from '../../kube/client/index.ts'
import { Deployment } from '../../kube/kinds/index.ts'
import { ClusterWatch } from './cluster-watch.ts'
import { clearCluster } from './lab-objects.ts'

const template = { metadata: { labels: { app: 'web' } }, spec: { containers: [{ name: 'web', image: 'nginx' }] } }
const deployment = (name: string) => ({
  metadata: { name, namespace: 'default' },
  spec: { selector: { matchLabels: { app: 'web' } }, template },
})

it('takes away what is made while it clears, and does not wait for it in vain', { timeout: 10_000 }, async () => {
  await using test = await startTestServer()
  const deployments = test.client.of(Deployment)
  await deployments.create(deployment('before'))
  // Of Deployments it has asked by then, and does not ask again of itself.
  let isTyping = true
  const transport: Transport = {
    ...test.transport,
    request: async (asked) => {
      if (isTyping && asked.path.endsWith('/clusterroles')) {
        isTyping = false
        await deployments.create(deployment('meanwhile'))
      }
      return test.transport.request(asked)
    },
  }
  using watch = new ClusterWatch({ transport, clock: systemClock, logger: noLogger, random: Math.random })
  await watch.synced()
  await clearCluster(watch, AbortSignal.timeout(5000))
  expect(isTyping).toBe(false)
  expect((await deployments.list({ namespace: 'default' })).items).toEqual([])
})

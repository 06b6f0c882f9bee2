import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { systemClock } from '../../base/clock.ts'
import { noLogger } from '../../base/logger.ts'
import { startTestServer } from '../../kube/apiserver/testing/test-server.ts'
import type { Transport } from '../../kube/client/index.ts'
import { LocalClusterHost } from '../../kube/cluster/index.ts'
import type { AnyKind } from '../../kube/kinds/define-kind.ts'
import { ClusterRole, ClusterRoleBinding, ConfigMap, Deployment, Role, RoleBinding } from '../../kube/kinds/index.ts'
import { loadSchemas } from '../../kube/schemas/load-schemas.ts'
import { ClusterWatch, watchCluster } from './cluster-watch.ts'
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

it('leaves the rights that every cluster comes with, of machines and of who keeps network policies', async () => {
  const stateDir = mkdtempSync(join(tmpdir(), 'podium-lab-objects-'))
  // After the cluster, which writes until it has stopped.
  using folder = new DisposableStack()
  folder.defer(() => rmSync(stateDir, { recursive: true }))
  const shared = { clock: systemClock, logger: noLogger, random: Math.random }
  const machines = () => Promise.reject(new Error('no machines in a test'))
  await using host = new LocalClusterHost({ stateDir, machines, schemas: loadSchemas(), ...shared })
  const { superKubeconfig } = await host.createCluster({ name: 'cleared', nodes: 0, simulatedNodes: 1 })
  using watch = watchCluster(superKubeconfig, shared)
  await watch.synced()
  const names = async () => {
    const kinds: readonly AnyKind[] = [ClusterRole, ClusterRoleBinding, Role, RoleBinding, ConfigMap]
    const lists = kinds.map(async (kind) => {
      const { items } = await watch.client.of(kind).list()
      return items.map(({ metadata }) => `${kind.plural}/${metadata?.name}`)
    })
    return (await Promise.all(lists)).flat()
  }
  const before = await names()
  await clearCluster(watch, AbortSignal.timeout(10_000))
  expect(await names()).toEqual(before)
})

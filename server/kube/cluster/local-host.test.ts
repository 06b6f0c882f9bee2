import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { systemClock } from '../../base/clock.ts'
import { noLogger } from '../../base/logger.ts'
import { createClient, httpsTransport, parseKubeconfig } from '../client/index.ts'
import { Namespace } from '../kinds/index.ts'
import { loadSchemas } from '../schemas/load-schemas.ts'
import { LocalClusterHost } from './local-host.ts'

it('starts one control plane of a cluster that two want started at once', async () => {
  const stateDir = await mkdtemp(join(tmpdir(), 'podium-local-host-'))
  const host = new LocalClusterHost({
    stateDir,
    machines: () => Promise.reject(new Error('no machines in a test')),
    schemas: loadSchemas(),
    clock: systemClock,
    logger: noLogger,
    random: Math.random,
  })
  try {
    await host.createCluster({ name: 'twice', nodes: 0, simulatedNodes: 0 })
    await host.stopCluster('twice')
    const [one, other] = await Promise.all([host.startCluster('twice'), host.startCluster('twice')])
    expect(other).toEqual(one)
    expect(await host.listClusters()).toEqual([one])
    const client = createClient(httpsTransport({ ...parseKubeconfig(one.kubeconfig), userAgent: 'kubectl' }))
    expect(await client.of(Namespace).get({ name: 'default' })).toBeDefined()
  } finally {
    await host[Symbol.asyncDispose]()
    await rm(stateDir, { recursive: true, force: true })
  }
})

import { mkdtemp, readdir, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { noLogger } from '../base/logger.ts'
import { createCluster } from './cluster-commands.ts'

it('makes no cluster for a kubeconfig that nobody could write', async () => {
  const stateDir = await mkdtemp(join(tmpdir(), 'podium-cli-'))
  const openHost = () => Promise.reject(new Error('no host is needed'))
  const context = { stateDir, logger: noLogger, say: () => undefined, openHost }
  const spec = { name: 'demo', nodes: 0, simulatedNodes: 1 }
  await expect(createCluster(context, spec, join(stateDir, 'missing', 'config'))).rejects.toThrow(
    `there is no directory ${join(stateDir, 'missing')} for the kubeconfig; make it first`,
  )
  expect(await readdir(stateDir)).toEqual([])
  await rm(stateDir, { recursive: true, force: true })
})

// A cluster for the tests of one file, and a directory beside it: made before the first of them, deleted after the last.

import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll } from 'vitest'
import { podium } from './commands.ts'

export interface OwnCluster {
  /** Both are empty until the first test, or the first `beforeAll` after this one. */
  directory: string
  kubeconfig: string
}

/** `flags` are those of `podium cluster create`. */
export function ownCluster(name: string, ...flags: string[]): OwnCluster {
  const own: OwnCluster = { directory: '', kubeconfig: '' }
  beforeAll(async () => {
    own.directory = await mkdtemp(join(tmpdir(), 'podium-e2e-'))
    own.kubeconfig = join(own.directory, 'kubeconfig.yaml')
    await podium('cluster', 'create', name, ...flags, '--kubeconfig', own.kubeconfig)
  })
  afterAll(async () => {
    await podium('cluster', 'delete', name)
    await rm(own.directory, { recursive: true, force: true })
  })
  return own
}

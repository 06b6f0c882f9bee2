// A walk through what Kubernetes' conformance tests do (docs/conformance.md says where each of them is seen), on simulated
// nodes: what no container's output is needed for.

import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe } from 'vitest'
import { walkThroughCollection, walkThroughQuotas } from './conformance/counts-and-collection.ts'
import { walkThroughPreemption } from './conformance/preemption.ts'
import { startWalk, type Walk } from './conformance/walk.ts'
import { walkThroughWorkloads } from './conformance/workloads.ts'
import { podium } from './support/commands.ts'

const CLUSTER = 'e2e-conformance'
let directory: string
let walk: Walk

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'podium-e2e-'))
  const kubeconfig = join(directory, 'kubeconfig.yaml')
  await podium('cluster', 'create', CLUSTER, '--simulated-nodes', '3', '--kubeconfig', kubeconfig)
  walk = await startWalk(kubeconfig)
})
afterAll(async () => {
  await podium('cluster', 'delete', CLUSTER)
  await rm(directory, { recursive: true, force: true })
})

describe.concurrent('workloads', () => walkThroughWorkloads(() => walk))
describe.concurrent('quotas', () => walkThroughQuotas(() => walk))
describe.concurrent('the garbage collector', () => walkThroughCollection(() => walk))
describe('preemption', () => walkThroughPreemption(() => walk))

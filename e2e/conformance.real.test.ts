// A walk through what Kubernetes' conformance tests do (docs/conformance.md says where each of them is seen), on simulated
// nodes: what no container's output is needed for.

import { beforeAll, describe } from 'vitest'
import { walkThroughCollection, walkThroughQuotas } from './conformance/counts-and-collection.ts'
import { walkThroughPreemption } from './conformance/preemption.ts'
import { startWalk, type Walk } from './conformance/walk.ts'
import { walkThroughWorkloads } from './conformance/workloads.ts'
import { ownCluster } from './support/own-cluster.ts'

const cluster = ownCluster('e2e-conformance', '--simulated-nodes', '3')
let walk: Walk

beforeAll(async () => {
  walk = await startWalk(cluster.kubeconfig)
})

describe.concurrent('workloads', () => walkThroughWorkloads(() => walk))
describe.concurrent('quotas', () => walkThroughQuotas(() => walk))
describe.concurrent('the garbage collector', () => walkThroughCollection(() => walk))
describe('preemption', () => walkThroughPreemption(() => walk))

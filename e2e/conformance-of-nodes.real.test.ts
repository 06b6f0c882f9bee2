// Kubernetes' conformance tests of nodes, storage and networks, as far as they need a real machine: the same commands and
// assertions with our images, many pods at once. docs/conformance.md says of each test where it is seen.

import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe } from 'vitest'
import { changedPods, podsThatChange } from './conformance-of-nodes/changed-pods.ts'
import { endingPods, podsThatEnd } from './conformance-of-nodes/ending-pods.ts'
import { proxied, proxiedPods } from './conformance-of-nodes/proxied.ts'
import { podsThatAreResized, resizedPods } from './conformance-of-nodes/resized-pods.ts'
import { podsThatRun, runningPods } from './conformance-of-nodes/running-pods.ts'
import { Seat } from './conformance-of-nodes/seat.ts'
import { servicePods, servicesLead } from './conformance-of-nodes/services.ts'
import { volumePods } from './conformance-of-nodes/volume-pods.ts'
import { volumesShow } from './conformance-of-nodes/volumes.ts'
import { podium } from './support/commands.ts'

const CLUSTER = 'e2e-conformance-of-nodes'
let directory: string
let seat: Seat

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'podium-e2e-'))
  const kubeconfig = join(directory, 'kubeconfig.yaml')
  await podium('cluster', 'create', CLUSTER, '--nodes', '2', '--kubeconfig', kubeconfig)
  seat = new Seat(kubeconfig)
  const pods = [endingPods, volumePods, runningPods, changedPods, resizedPods, servicePods, await proxiedPods()]
  await seat.apply(...pods.flat())
})
afterAll(async () => {
  seat?.api[Symbol.dispose]()
  await podium('cluster', 'delete', CLUSTER)
  await rm(directory, { recursive: true, force: true })
})

describe('pods that end', () => podsThatEnd(() => seat))
describe('volumes', () => volumesShow(() => seat))
describe('pods that go on', () => podsThatRun(() => seat))
describe('pods that are changed', () => podsThatChange(() => seat))
describe('pods that are resized', () => podsThatAreResized(() => seat))
describe('services', () => servicesLead(() => seat))
describe('the proxy', () => proxied(() => seat))

// Kubernetes' conformance tests of nodes, storage and networks, as far as they need a real machine: the same commands and
// assertions with our images, many pods at once. docs/conformance.md says of each test where it is seen.

import { afterAll, beforeAll, describe, it } from 'vitest'
import { changedPods, podsThatChange } from './conformance-of-nodes/changed-pods.ts'
import { endingPods, podsThatEnd } from './conformance-of-nodes/ending-pods.ts'
import { proxied, proxiedPods } from './conformance-of-nodes/proxied.ts'
import { podsThatAreResized, resizedPods } from './conformance-of-nodes/resized-pods.ts'
import { podsThatRun, runningPods } from './conformance-of-nodes/running-pods.ts'
import { Seat } from './conformance-of-nodes/seat.ts'
import { servicePods, servicesLead } from './conformance-of-nodes/services.ts'
import { volumePods } from './conformance-of-nodes/volume-pods.ts'
import { followChanges, volumesShow } from './conformance-of-nodes/volumes.ts'
import { ownCluster } from './support/own-cluster.ts'

const cluster = ownCluster('e2e-conformance-of-nodes', '--nodes', '2')
let seat: Seat
let followed: Promise<void>

beforeAll(async () => {
  seat = new Seat(cluster.kubeconfig)
  const pods = [endingPods, volumePods, runningPods, changedPods, resizedPods, servicePods, await proxiedPods()]
  await seat.apply(...pods.flat())
  // A kubelet looks again after a minute, or when its pod has changed: the others are asked meanwhile.
  followed = followChanges(seat)
  followed.catch(() => undefined)
})
afterAll(async () => {
  seat?.api[Symbol.dispose]()
})

describe('pods that end', () => podsThatEnd(() => seat))
describe('volumes', () => volumesShow(() => seat))
describe('pods that go on', () => podsThatRun(() => seat))
describe('pods that are changed', () => podsThatChange(() => seat))
describe('pods that are resized', () => podsThatAreResized(() => seat))
describe('services', () => servicesLead(() => seat))
describe('the proxy', () => proxied(() => seat))

it('volumes: updates, optional ones that come and go, and labels of the pod should be reflected in them', () =>
  followed)

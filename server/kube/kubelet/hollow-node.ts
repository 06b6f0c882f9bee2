// A node without a machine: the real kubelet over a runtime in which nothing runs. A hundred of them live in one
// process. Upstream: pkg/kubemark.

import type { Duplex } from 'node:stream'
import type { Node } from 'kubernetes-types/core/v1'
import type { Clock } from '../../base/clock.ts'
import { type Logger, noLogger } from '../../base/logger.ts'
import type { Client } from '../client/client.ts'
import { SimulatedRuntime } from '../container-runtime/simulated/simulated-runtime.ts'
import { createSimulatedNodeOs } from '../node-os/simulated-node-os.ts'
import { type ApiObjects, createApiObjects } from './api-objects.ts'
import { type Kubelet, startKubelet } from './kubelet.ts'
import { kubeletConfigurationOf } from './kubelet-configuration.ts'
import { hollowKubeletServer } from './server/hollow-kubelet-server.ts'
import type { SharedObjects } from './shared-objects.ts'

export interface HollowNodeOptions {
  name: string
  client: Client
  clock: Clock
  logger?: Logger
  random?: () => number
  /** An address nobody answers at: its kubelet is asked by `connect`. */
  nodeIP?: string
  /** Known from the start instead of waiting for the Node's spec. */
  podCIDR?: string
  labels?: Record<string, string>
  taints?: NonNullable<Node['spec']>['taints']
  capacity?: Record<string, string>
  cpus?: number
  memoryBytes?: number
  /** Shown as the kubelet's version. */
  version?: string
  /** What it need not ask for, as others of its process have heard of it. */
  shared?: SharedObjects
}

export interface HollowNode extends AsyncDisposable {
  readonly kubelet: Promise<Kubelet>
  /** To crash containers, or the whole node, from outside. */
  readonly runtime: SimulatedRuntime
  /** A connection to its kubelet's API. */
  connect(): Promise<Duplex>
  /** Resolves when the node is registered and its pods are known. */
  readonly ready: Promise<void>
}

export function startHollowNode(options: HollowNodeOptions): HollowNode {
  const { name, client, clock, logger = noLogger, nodeIP = '192.0.2.1', podCIDR, cpus, memoryBytes } = options
  const objects = withoutTokens(createApiObjects(client, clock))
  const runtime = new SimulatedRuntime({ clock, ...(podCIDR ? { podCidr: podCIDR } : {}) })
  const machine = { hostname: name, ...(cpus ? { cpus } : {}), ...(memoryBytes ? { memoryBytes } : {}) }
  const kubelet = startKubelet({
    nodeName: name,
    nodeIP,
    client,
    runtime,
    os: createSimulatedNodeOs(machine),
    clock,
    logger,
    startsAtOnce: Number.POSITIVE_INFINITY,
    // Nobody is ever short of what is not there.
    configuration: kubeletConfigurationOf(undefined, { staticPodPath: '', evictionHard: {} }),
    objects: options.shared?.before(objects) ?? objects,
    ...(options.random ? { random: options.random } : {}),
    ...(options.labels ? { labels: options.labels } : {}),
    ...(options.taints ? { taints: options.taints } : {}),
    ...(options.capacity ? { capacity: options.capacity } : {}),
    ...(options.version ? { kubeletVersion: options.version } : {}),
  })
  let server: Promise<() => Duplex> | undefined
  return {
    kubelet,
    runtime,
    async connect() {
      server ??= kubelet.then((started) => hollowKubeletServer({ kubelet: started, clock }))
      return (await server)()
    },
    ready: kubelet.then((started) => started.ready),
    async [Symbol.asyncDispose]() {
      await (await kubelet)[Symbol.asyncDispose]()
    },
  }
}

/** Nobody will ever read these tokens, and signing one costs a millisecond. */
function withoutTokens(objects: ApiObjects): ApiObjects {
  return { ...objects, token: async () => ({ token: 'simulated', expiresAt: Number.POSITIVE_INFINITY }) }
}

// Keeps the Node object true: registers it, looks every 10 seconds whether something changed, reports changes at
// once and everything every 5 minutes. Upstream: kubelet_node_status.go.

import type { ContainerImage, Node as NodeObject, NodeStatus } from 'kubernetes-types/core/v1'
import type { Clock } from '../../base/clock.ts'
import type { Logger } from '../../base/logger.ts'
import { revisionOf } from '../apimachinery/object-meta.ts'
import { isAlreadyExists } from '../apimachinery/status-error.ts'
import { type Client, objectPath } from '../client/client.ts'
import type { ContainerRuntime } from '../container-runtime/container-runtime.ts'
import { Node } from '../kinds/node.ts'
import type { MachineInfo } from '../node-os/node-os.ts'
import type { Pressure } from './eviction/thresholds.ts'
import type { KubeletConfiguration } from './kubelet-configuration.ts'
import type { KubeletEvents } from './kubelet-events.ts'
import { initialNode, isContradicted, NODE_ANNOTATIONS, newsOf, nodeLabels, nodeStatusOf } from './node-status.ts'

export interface NodeReporterOptions {
  nodeName: string
  nodeIP: string
  secondNodeIP?: string | undefined
  client: Client
  /** The Node as it was last heard of. */
  known(): NodeObject | undefined
  runtime: ContainerRuntime
  /** As it was called when it last answered. */
  runtimeName: string
  machine: MachineInfo
  events: KubeletEvents
  clock: Clock
  logger: Logger
  random: () => number
  kubeletVersion: string
  kubeletPort: number
  maxPods: number
  labels: Record<string, string>
  annotations: Record<string, string>
  taints: NonNullable<NodeObject['spec']>['taints']
  capacity?: Record<string, string>
  configuration: KubeletConfiguration
  pressures(): ReadonlySet<Pressure>
  volumesInUse(): Promise<string[]>
  /** Why the node takes no more pods; undefined while it does. */
  shuttingDown(): string | undefined
  /** Told whenever it becomes known whether pods can be run: undefined, or why not. */
  onNetworkState(notReady: string | undefined): void
}

const LOOK_MS = 10_000
const REPORT_MS = 300_000
/** While the node is not ready yet, waiting ten seconds would be felt. */
const IMPATIENT_MS = 1_000
const PATIENCE_MS = 10_000
const MAX_IMAGES = 50

export class NodeReporter {
  readonly #options: NodeReporterOptions
  #told: NodeStatus | undefined
  #toldNews = ''
  #toldRevision = 0
  /** What is known of the Node may be old. */
  #doubts = false
  #toldAt = Number.NEGATIVE_INFINITY
  #wake: (() => void) | undefined
  /** Since the last look began: what it has seen may be old already. */
  #isPoked = false

  constructor(options: NodeReporterOptions) {
    this.#options = options
  }

  /** Registers the node, trying until it succeeds, then reports until aborted. */
  async run(signal: AbortSignal, onRegistered: () => void): Promise<void> {
    const { clock, logger, events, nodeName } = this.#options
    let ready = false
    for (let delayMs = 100; !signal.aborted; delayMs = Math.min(delayMs * 2, 7_000)) {
      try {
        await this.#register()
        break
      } catch (err) {
        logger.warn('node could not be registered, will be tried again', { node: nodeName, err })
        await clock.sleep(delayMs, signal).catch(() => undefined)
      }
    }
    onRegistered()
    while (!signal.aborted) {
      this.#isPoked = false
      try {
        const isReady = await this.#look()
        if (isReady && !ready) events.node('Normal', 'NodeReady', `Node ${nodeName} status is now: NodeReady`)
        if (!isReady && ready) events.node('Normal', 'NodeNotReady', `Node ${nodeName} status is now: NodeNotReady`)
        ready = isReady
      } catch (err) {
        logger.warn('node status could not be reported, will be tried again', { node: nodeName, err })
      }
      await this.#rest(ready ? LOOK_MS : IMPATIENT_MS, signal)
    }
  }

  /** Something changed that the node's status depends on. */
  poke(): void {
    this.#isPoked = true
    this.#wake?.()
  }

  /** The line to the API server was broken: it may think otherwise of us by now, and is asked. */
  doubt(): void {
    this.#doubts = true
  }

  async #register(): Promise<void> {
    const { client, nodeName, machine, labels, taints } = this.#options
    const annotations = { ...NODE_ANNOTATIONS, ...this.#options.annotations }
    const nodes = client.of(Node)
    const node = initialNode(nodeName, { machine, labels, annotations, taints })
    const status = await this.#status(undefined)
    try {
      await nodes.create({ ...node, status })
    } catch (err) {
      if (!isAlreadyExists(err)) throw err
      const existing = await nodes.get({ name: nodeName })
      const wanted = nodeLabels(nodeName, machine, labels)
      const metadata = { labels: wanted, annotations }
      const isMissing = (wanted: object, told: Record<string, string> = {}) =>
        Object.entries(wanted).some(([key, value]) => told[key] !== value)
      const { labels: told, annotations: noted } = existing.metadata ?? {}
      if (isMissing(wanted, told) || isMissing(annotations, noted))
        await nodes.patch({ name: nodeName }, 'application/merge-patch+json', { metadata })
      if (!existing.status) return
      this.#told = existing.status
      this.#toldNews = newsOf(existing.status)
    }
  }

  /** Says whether the node is ready. */
  async #look(): Promise<boolean> {
    const { client, clock, nodeName } = this.#options
    // Over a line that was cut an answer may take minutes; a fresh connection gets through as soon as it is mended.
    const patience = new AbortController()
    using _late = clock.setTimeout(
      () => patience.abort(new Error('the API server did not answer in time')),
      PATIENCE_MS,
    )
    const { signal } = patience
    const node = this.#known() ?? (await this.#ask(signal))
    const status = await this.#status(node.status)
    const news = newsOf(status)
    const isDue = clock.monotonic() - this.#toldAt >= REPORT_MS
    // Somebody may have contradicted us: the node lifecycle controller does, when it has not heard of us for a while.
    if (isDue || !this.#told || news !== this.#toldNews || isContradicted(status, node.status)) {
      const answer = await client
        .of(Node)
        .patch(
          { name: nodeName },
          'application/strategic-merge-patch+json',
          { status: { ...status, addresses: wholly(status.addresses) } },
          { subresource: 'status', signal },
        )
      this.#sayWhatItIsShortOf(status, this.#told)
      this.#told = status
      this.#toldNews = news
      this.#toldRevision = revisionOf(answer)
      this.#toldAt = clock.monotonic()
    }
    return status.conditions?.some(({ type, status: is }) => type === 'Ready' && is === 'True') ?? false
  }

  /** Unless it is older than our last word, or the line was broken since. */
  #known(): NodeObject | undefined {
    const known = this.#doubts ? undefined : this.#options.known()
    return known && revisionOf(known) >= this.#toldRevision ? known : undefined
  }

  async #ask(signal: AbortSignal): Promise<NodeObject> {
    const path = objectPath(Node, { name: this.#options.nodeName })
    const node = (await this.#options.client.transport.request({ method: 'GET', path, signal })) as NodeObject
    this.#doubts = false
    return node
  }

  #sayWhatItIsShortOf(status: NodeStatus, told: NodeStatus | undefined): void {
    const { events, nodeName } = this.#options
    for (const { type, status: is, reason = '' } of status.conditions ?? []) {
      if (type === 'Ready' || told?.conditions?.find((one) => one.type === type)?.status === is) continue
      const event = reason.replace(/^Kubelet/, 'Node')
      events.node('Normal', event, `Node ${nodeName} status is now: ${event}`)
    }
  }

  async #status(previous: NodeStatus | undefined): Promise<NodeStatus> {
    const { runtime, machine, nodeIP, maxPods, kubeletVersion, kubeletPort, clock, onNetworkState } = this.#options
    const state = await this.#runtimeState()
    onNetworkState(state.notReady)
    return nodeStatusOf({
      machine,
      nodeIP,
      secondNodeIP: this.#options.secondNodeIP,
      maxPods,
      kubeletVersion,
      kubeletPort,
      runtime: state.runtime,
      images: state.runtime.version ? await imagesOf(runtime) : [],
      notReady: this.#options.shuttingDown() ?? state.notReady,
      ...(this.#options.capacity ? { capacity: this.#options.capacity } : {}),
      configuration: this.#options.configuration,
      pressures: this.#options.pressures(),
      volumesInUse: await this.#options.volumesInUse(),
      previous,
      now: clock.now(),
    })
  }

  async #runtimeState(): Promise<{ runtime: { name: string; version: string }; notReady: string | undefined }> {
    const { runtime } = this.#options
    try {
      const version = await runtime.version()
      const { networkReady, message } = await runtime.status()
      const why = `container runtime network not ready: NetworkReady=false reason:NetworkPluginNotReady message:${message}`
      return { runtime: version, notReady: networkReady ? undefined : why }
    } catch (err) {
      const why = err instanceof Error ? err.message : String(err)
      const runtime = { name: this.#options.runtimeName, version: '' }
      return { runtime, notReady: `container runtime is down: ${why}` }
    }
  }

  #rest(delayMs: number, signal: AbortSignal): Promise<void> {
    if (signal.aborted || this.#isPoked) return Promise.resolve()
    return new Promise((resolve) => {
      const done = () => {
        timer[Symbol.dispose]()
        signal.removeEventListener('abort', done)
        this.#wake = undefined
        resolve()
      }
      const timer = this.#options.clock.setTimeout(done, delayMs)
      this.#wake = done
      signal.addEventListener('abort', done, { once: true })
    })
  }
}

async function imagesOf(runtime: ContainerRuntime): Promise<ContainerImage[]> {
  const images = await runtime.listImages()
  return images
    .sort((a, b) => b.sizeBytes - a.sizeBytes)
    .slice(0, MAX_IMAGES)
    .map(({ tags, digests, sizeBytes }) => ({ names: [...digests, ...tags], sizeBytes }))
}

/** Two of one type would be laid over each other: the list is merged by type. */
const wholly = (addresses: NodeStatus['addresses']) =>
  [...(addresses ?? []), { $patch: 'replace' }] as NodeStatus['addresses']

// The kubelet: the one component that makes pods real. It hears of the pods bound to its node, keeps a worker for
// each, and tells the API what became of them. Everything it needs of the world comes in by the door, so the same
// code runs a real machine (node-agent.ts) and a hollow node (hollow-node.ts).
// Upstream: pkg/kubelet/kubelet.go.

import type { Node as NodeObject, Pod as PodObject } from 'kubernetes-types/core/v1'
import type { Clock } from '../../base/clock.ts'
import type { Logger } from '../../base/logger.ts'
import { Metrics } from '../../base/metrics.ts'
import type { Client } from '../client/client.ts'
import { EventRecorder } from '../client/event-recorder.ts'
import { type Change, SharedInformer } from '../client/shared-informer.ts'
import type { ContainerRuntime } from '../container-runtime/container-runtime.ts'
import { Node } from '../kinds/node.ts'
import { PersistentVolumeClaim } from '../kinds/persistent-volume-claim.ts'
import { Pod } from '../kinds/pod.ts'
import type { NodeOs } from '../node-os/node-os.ts'
import { type ApiObjects, createApiObjects } from './api-objects.ts'
import { ContainerStarter } from './container-starter.ts'
import type { CredentialPlugins } from './credential-plugins.ts'
import { CsiDrivers } from './csi/csi-drivers.ts'
import { ensureCsiNode, publishDrivers } from './csi/csi-node.ts'
import { prepareDevices } from './device-claims.ts'
import { nodePressure } from './eviction/node-pressure.ts'
import { ImagePuller } from './image-puller.ts'
import { durationOf, type KubeletConfiguration, kubeletConfigurationOf } from './kubelet-configuration.ts'
import type { KubeletEvents } from './kubelet-events.ts'
import { keepNodeLease } from './node-lease.ts'
import { NodeReporter } from './node-reporter.ts'
import { NodeShutdown } from './node-shutdown.ts'
import { initialNode, leftForPods, nodeStatusOf } from './node-status.ts'
import { PodAdmission } from './pod-admission.ts'
import { PodCgroups } from './pod-cgroups.ts'
import { refuseFeatures } from './pod-features.ts'
import { PodKiller } from './pod-killer.ts'
import { asGranted, grant } from './pod-resize.ts'
import { PodSync } from './pod-sync.ts'
import { PodWorker } from './pod-worker.ts'
import { ProbeManager } from './probes/probe-manager.ts'
import { PulledImages } from './pulled-images.ts'
import { runtimeHandlerOf } from './runtime-handler.ts'
import { StartTurns } from './start-turns.ts'
import { StaticPods } from './static-pods/static-pods.ts'
import { StatusWriter } from './status-writer.ts'
import { countedRuntime } from './telemetry/counted-runtime.ts'
import { PodCounts } from './telemetry/pod-counts.ts'
import { PodStartup } from './telemetry/pod-startup.ts'
import { Relists } from './telemetry/relists.ts'
import { Telemetry } from './telemetry/telemetry.ts'
import { volumesInUse } from './volumes/csi-data.ts'
import { VolumeManager } from './volumes/volume-manager.ts'

export interface KubeletOptions {
  nodeName: string
  nodeIP: string
  /** Of the other family. */
  secondNodeIP?: string
  client: Client
  runtime: ContainerRuntime
  os: NodeOs
  clock: Clock
  logger: Logger
  random?: () => number
  /** `/var/lib/kubelet`. */
  rootDir?: string
  kubeletVersion?: string
  kubeletPort?: number
  labels?: Record<string, string>
  annotations?: Record<string, string>
  taints?: NonNullable<NodeObject['spec']>['taints']
  capacity?: Record<string, string>
  /** Starts; twice as many as the machine has processors, unless told. */
  startsAtOnce?: number
  configuration?: KubeletConfiguration
  /** Programs of the machine that know credentials for registries. */
  credentialPlugins?: CredentialPlugins
  /** Where ConfigMaps, Secrets and tokens come from; the API by default. */
  objects?: ApiObjects
  /** Of the whole process, for `/metrics`. */
  metrics?: Metrics
}

export interface Kubelet extends AsyncDisposable {
  readonly nodeName: string
  /** Resolves when the node is registered and its pods are known. */
  readonly ready: Promise<void>
  /** Pods of this node with the newest status known here. */
  pods(): PodObject[]
  pod(namespace: string, name: string): PodObject | undefined
  /** What it keeps of a pod on the machine's disk. */
  directoryOf(pod: PodObject): string
  readonly runtime: ContainerRuntime
  readonly configuration: KubeletConfiguration
  readonly telemetry: Telemetry
  /** The machine is going: ends its pods, if the settings give them time for that. */
  shutDown(): Promise<void>
}

/** Upstream's housekeeping period is 2 s; ours only catches what events have missed. */
const HOUSEKEEPING_MS = 10_000

export async function startKubelet(options: KubeletOptions): Promise<Kubelet> {
  const {
    nodeName,
    nodeIP,
    client,
    os,
    clock,
    logger,
    metrics = new Metrics(),
    random = Math.random,
    rootDir = '/var/lib/kubelet',
    configuration = kubeletConfigurationOf(undefined, { staticPodPath: '' }),
    kubeletVersion = 'v1.36.0',
    kubeletPort = 10250,
    labels = {},
    annotations = {},
    taints = [],
  } = options
  const { clusterDNS, clusterDomain } = configuration
  const nodeIPs = [nodeIP, ...(options.secondNodeIP ? [options.secondNodeIP] : [])]
  const stop = new AbortController()
  const runtime = countedRuntime(options.runtime, { metrics, clock })
  const machine = await os.machine()
  const recorder = new EventRecorder({ client, clock, logger, component: 'kubelet', host: nodeName })
  const events = eventsOf(recorder, nodeName)
  const objects = options.objects ?? createApiObjects(client, clock)
  const { name: runtimeName } = await runtime.version().catch(() => ({ name: 'docker' }))
  const { allocatable = {} } = nodeStatusOf({
    machine,
    nodeIP,
    maxPods: configuration.maxPods,
    kubeletVersion,
    kubeletPort,
    runtime: { name: runtimeName, version: '' },
    images: [],
    notReady: undefined,
    ...(options.capacity ? { capacity: options.capacity } : {}),
    configuration,
    pressures: new Set(),
    volumesInUse: [],
    previous: undefined,
    now: clock.now(),
  })
  const node = { memoryBytes: machine.memoryBytes, allocatable }
  const workers = new Map<string, PodWorker>()
  const counted = { own: metrics, probes: new Metrics() }
  const counts = new PodCounts({ clock, metrics })
  const startup = new PodStartup({ clock, metrics })
  const relists = new Relists({ clock, metrics })
  let networkError: string | undefined = 'network is not known yet'
  let nodeResolvConf = ''

  let nodeUid: string | undefined
  const activePods = () => [...workers.values()].filter((one) => !one.isTerminating).map(({ pod }) => pod)
  const statuses = new StatusWriter({ client, clock, logger, metrics, shownAs: (pod) => statics.shownAs(pod) })
  const moreAuths = async (image: string, pod: PodObject) =>
    (await options.credentialPlugins?.authsFor(image, pod, objects)) ?? []
  const pulled = new PulledImages({ os, rootDir, clock, logger, configuration })
  const images = new ImagePuller({ runtime, objects, events, clock, metrics, startup, pulled, moreAuths })
  const csi = new CsiDrivers({
    os,
    rootDir,
    logger,
    nodeUid: () => nodeUid,
    introduce: (uid) => ensureCsiNode(client, nodeName, uid),
    publish: (drivers) => publishDrivers(client, nodeName, drivers),
  })
  const onInUse = () => reporter.poke()
  const ports = { os, objects, events, clock, metrics, node, runtime, images, csi, onInUse, nodeName, rootDir }
  const volumes = new VolumeManager(ports)
  const release = kubeletVersion.replace(/^v(\d+\.\d+).*/, '$1')
  const hookAgent = `kube-lifecycle/${release}`
  const killer = new PodKiller({ runtime, os, events, clock, logger, hookAgent })
  const wake = (podUid: string) => workers.get(podUid)?.wake()
  const probes = new ProbeManager({
    os,
    runtime,
    events,
    clock,
    userAgent: `kube-probe/${release}`,
    nodeIP,
    metrics: counted.probes,
    onChange: wake,
  })
  // Half of the time that a start takes it waits for the kernel, which hands out namespaces, groups and mounts one by one.
  const seats = options.startsAtOnce ?? Math.max(2, Math.round(2 * machine.cpus))
  const turns = new StartTurns({ clock, seats })
  const starter = new ContainerStarter({
    runtime,
    turns,
    os,
    objects,
    images,
    volumes,
    killer,
    events,
    clock,
    node,
    seccompDefault: configuration.seccompDefault,
    longestPauseMs: durationOf(configuration.crashLoopBackOff.maxContainerRestartPeriod),
    nodeIPs,
    metrics,
    rootDir,
    clusterDomain,
    hookAgent,
  })
  const cgroups = new PodCgroups({
    os,
    logger,
    clock,
    metrics,
    forPods: leftForPods(machine, configuration),
    mostProcesses: configuration.podPidsLimit,
    pods: activePods,
  })
  const sync = new PodSync({
    runtime,
    turns,
    os,
    starter,
    killer,
    volumes,
    cgroups,
    probes,
    statuses,
    counts,
    events,
    clock,
    logger,
    random,
    nodeIPs,
    rootDir,
    runtimeName,
    prepareDevices: (pod) => prepareDevices(pod, objects),
    runtimeHandler: (pod) => runtimeHandlerOf(pod, objects),
    networkError: () => networkError,
    grant: (pod) => grant(pod, statuses.get(pod.metadata?.uid ?? '') ?? pod.status, othersThan(pod), allocatable),
    dns: () => ({ clusterDNS, clusterDomain, nodeResolvConf }),
  })
  nodeResolvConf = (await os.readFile('/etc/resolv.conf')) ?? ''

  const reporter: NodeReporter = new NodeReporter({
    nodeName,
    nodeIP,
    secondNodeIP: options.secondNodeIP,
    client,
    known: () => nodes.cache.get(nodeName),
    runtime,
    runtimeName,
    machine,
    events,
    clock,
    logger,
    random,
    kubeletVersion,
    kubeletPort,
    maxPods: configuration.maxPods,
    labels,
    annotations,
    taints,
    ...(options.capacity ? { capacity: options.capacity } : {}),
    configuration,
    pressures: () => eviction.pressures,
    volumesInUse: () => volumesInUse({ os, rootDir }),
    shuttingDown: () => shutdown.notReady,
    onNetworkState(notReady) {
      const recovered = networkError !== undefined && notReady === undefined
      networkError = notReady
      if (recovered) for (const worker of workers.values()) worker.wake()
    },
  })

  const { eviction, run: keepRoom } = nodePressure({
    configuration,
    workers,
    pods: activePods,
    onChange: () => reporter.poke(),
    runtime,
    os,
    machine,
    rootDir,
    events,
    clock,
    logger,
    metrics,
    pulled,
    stop: stop.signal,
  })

  const shutdown = new NodeShutdown({
    configuration,
    clock,
    workers: () => [...workers.values()],
    onBegin: () => reporter.poke(),
  })

  const othersThan = (pod: PodObject) =>
    [...workers.values()]
      .filter((one) => !one.isTerminating && one.pod.metadata?.uid !== pod.metadata?.uid)
      .map((one) => asGranted(one.pod, statuses.get(one.pod.metadata?.uid ?? '') ?? one.pod.status))

  const asRegistered = initialNode(nodeName, { machine, labels, annotations, taints })
  const admission = new PodAdmission({
    refuse: (pod) => shutdown.admit() ?? eviction.admit(pod) ?? refuseFeatures(pod, configuration),
    node: () => nodes.cache.get(nodeName) ?? asRegistered,
    askForNode: () => client.of(Node).get({ name: nodeName }),
    allocatable,
    workers,
    othersThan,
    isStatic: (pod) => statics.has(pod),
    events,
    clock,
    logger,
    metrics,
  })

  function takeOn(pod: PodObject): void {
    const uid = pod.metadata?.uid ?? ''
    const onRemoved = () => {
      workers.delete(uid)
      startup.forget(uid)
      if (!stop.signal.aborted) statics.ended(pod)
    }
    const worker = new PodWorker(pod, { sync, statuses, counts, clock, logger, random, onRemoved })
    workers.set(uid, worker)
    // What has begun to run is not turned away: this may be a restart of the kubelet.
    if (pod.status?.startTime || worker.isTerminating) worker.wake()
    else admission.take(worker)
  }

  function hearOfPod(change: Change<PodObject>): void {
    if (stop.signal.aborted) return
    const uid = change.object.metadata?.uid ?? ''
    if (statics.hear(change)) return
    if (change.type === 'deleted') {
      workers.get(uid)?.removedFromApi(change.object)
      return
    }
    startup.observe(change.object)
    const worker = workers.get(uid)
    if (worker) worker.update(change.object)
    else takeOn(change.object)
  }

  const statics = new StaticPods({
    configuration,
    nodeName,
    client,
    os,
    clock,
    logger,
    nodeUid: () => nodeUid,
    onMirror: (pod) => statuses.tellAgain(pod.metadata?.uid ?? ''),
    worker: (uid) => workers.get(uid),
    takeOn,
  })

  async function podsInRuntime(): Promise<string[]> {
    using _relist = relists.begin()
    const [sandboxes, containers] = [await runtime.listPodSandboxes(), await runtime.listContainers()]
    return [...sandboxes.map(({ config }) => config.uid), ...containers.map(({ podUid }) => podUid)]
  }

  async function housekeeping(): Promise<void> {
    const found = new Set([...(await podsInRuntime()), ...(await os.list(`${rootDir}/pods`))])
    for (const uid of found) {
      if (workers.has(uid) || stop.signal.aborted) continue
      logger.info('removing what is left of a pod that the API no longer knows', { uid })
      await sync.destroy(uid).catch((err: unknown) => logger.warn('something of a pod is left', { uid, err }))
    }
  }

  async function keepHouse(): Promise<void> {
    while (!stop.signal.aborted) {
      await housekeeping().catch((err: unknown) => logger.warn('housekeeping failed', { err }))
      await clock.sleep(HOUSEKEEPING_MS, stop.signal).catch(() => undefined)
    }
  }

  const nodes = new SharedInformer({
    client,
    kind: Node,
    clock,
    random,
    logger,
    selection: { fieldSelector: `metadata.name=${nodeName}` },
  })
  let podCidr = ''
  nodes.addHandler((change) => {
    nodeUid = change.object.metadata?.uid
    const told = change.type === 'deleted' ? undefined : change.object.spec?.podCIDRs?.join()
    if (!told || told === podCidr) return
    podCidr = told
    runtime.updatePodCidr(told).then(
      () => reporter.poke(),
      (err: unknown) => logger.error('pod network could not be configured', { podCidr: told, err }),
    )
  })
  const pods = new SharedInformer({
    client,
    kind: Pod,
    clock,
    random,
    logger,
    selection: { fieldSelector: `spec.nodeName=${nodeName}` },
  })

  const keepLease = () =>
    keepNodeLease({ nodeName, client, clock, logger, random, onBrokenLine: () => reporter.doubt() }, stop.signal)
  const registered = Promise.withResolvers<void>()
  const runtimeEvents = runtime.events(({ podUid }) => wake(podUid))
  stop.signal.addEventListener('abort', () => runtimeEvents[Symbol.dispose](), { once: true })
  // They need no API server: it may be one of them.
  const manifestsRead = statics.start(stop.signal)
  const running: Promise<unknown>[] = [reporter.run(stop.signal, () => registered.resolve())]
  const ready = registered.promise.then(async () => {
    const isThere = (await os.fileSystem('/')) !== undefined
    if (stop.signal.aborted) return
    if (isThere) {
      events.node('Normal', 'Starting', 'Starting kubelet.')
      void cgroups.enforce().then(
        () => events.node('Normal', 'NodeAllocatableEnforced', 'Updated Node Allocatable limit across pods'),
        (err: unknown) => logger.warn('what pods may use of the machine was not set', { err }),
      )
    }
    running.push(nodes.start(stop.signal), keepLease())
    pods.addHandler(hearOfPod)
    running.push(pods.start(stop.signal))
    await pods.synced
    statics.showInApi()
    // Whoever does not know yet what shall run takes nothing away.
    running.push(manifestsRead.then(keepHouse))
    // A machine that is not there runs short of nothing, and nobody brings drivers to it.
    if (!isThere) return
    await nodes.synced
    running.push(keepRoom(), csi.run(clock, stop.signal))
  })

  const withStatus = (worker: PodWorker): PodObject => {
    const status = statuses.get(worker.pod.metadata?.uid ?? '')
    return status ? { ...worker.pod, status } : worker.pod
  }
  const allPods = () => [...workers.values()].map(withStatus)
  const telemetry = new Telemetry({
    nodeName,
    version: kubeletVersion,
    runtime,
    os,
    machine,
    counted,
    pods: allPods,
    now: () => clock.now(),
    isStatic: (pod) => statics.has(pod),
    volumes,
  })
  return {
    nodeName,
    ready,
    runtime,
    pods: allPods,
    configuration,
    telemetry,
    directoryOf: (pod) => `${rootDir}/pods/${pod.metadata?.uid}`,
    pod: (namespace, name) => {
      const all = [...workers.values()].filter(
        ({ pod }) => pod.metadata?.namespace === namespace && pod.metadata.name === name,
      )
      const worker = all.find((one) => !one.isTerminating) ?? all[0]
      return worker && withStatus(worker)
    },
    async shutDown() {
      if (await shutdown.run()) await statuses.told()
    },
    /** Containers go on running: a kubelet that stops harms nobody. */
    async [Symbol.asyncDispose]() {
      stop.abort(new Error('kubelet stopped'))
      for (const worker of workers.values()) worker.close()
      statuses.close()
      probes[Symbol.dispose]()
      statics[Symbol.dispose]()
      await recorder[Symbol.asyncDispose]()
      await Promise.allSettled(running)
    },
  }
}

function eventsOf(recorder: EventRecorder, nodeName: string): KubeletEvents {
  // Events of nodes carry the name as uid, as upstream's kubelet has always written them.
  const node = { metadata: { name: nodeName, uid: nodeName } }
  return {
    pod: (about, type, reason, message, fieldPath, annotations) => {
      const more = { ...(fieldPath && { fieldPath }), ...(annotations && { annotations }) }
      recorder.record({ about, kind: Pod, type, reason, message, ...more })
    },
    claim: (about, type, reason, message) =>
      recorder.record({ about, kind: PersistentVolumeClaim, type, reason, message }),
    node: (type, reason, message) => recorder.record({ about: node, kind: Node, type, reason, message }),
  }
}

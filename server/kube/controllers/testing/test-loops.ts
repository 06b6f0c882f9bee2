// Loops over a real API server and a real store, in one process, on a clock that only the test moves. Nodes are played
// by the test itself: pods that have one become Running and Ready, and go when they are told to.

import type { Deployment as AppsDeployment, ReplicaSet as AppsReplicaSet } from 'kubernetes-types/apps/v1'
import type { Pod as CorePod } from 'kubernetes-types/core/v1'
import { type Clock, FakeClock, isoTime, settlePromises } from '../../../base/clock.ts'
import { type Logger, noLogger } from '../../../base/logger.ts'
import { Metrics } from '../../../base/metrics.ts'
import type { ReconcileTrace, Trace, TraceEvent } from '../../../base/trace.ts'
import { expired, isConflict } from '../../apimachinery/status-error.ts'
import { type Client, createClient } from '../../client/client.ts'
import type { ControllerDefinition } from '../../client/controller-builder.ts'
import { type RunningControllers, runControllers } from '../../client/controller-runner.ts'
import { LoopGates } from '../../client/loop-gate.ts'
import { SharedInformer } from '../../client/shared-informer.ts'
import type { Transport, TransportRequest } from '../../client/transport.ts'
import { builtInKinds } from '../../kinds/index.ts'
import { Node } from '../../kinds/node.ts'
import { Pod } from '../../kinds/pod.ts'
import { ServiceAccount } from '../../kinds/service-account.ts'
import { buildControllers, type ControllerOptions } from '../index.ts'

/** Of real time. */
const PATIENCE_MS = 15_000

export interface TestLoops extends AsyncDisposable {
  readonly client: Client
  readonly clock: FakeClock
  readonly gates: LoopGates
  /** Keeps watch events from the loops, so that their caches fall behind. */
  readonly news: HeldNews
  /** Answers the loops' requests under a path, as a server behind an APIService would. */
  readonly servers: Map<string, (request: TransportRequest) => unknown>
  readonly traces: TraceEvent[]
  /** What the loops and the scheduler count. */
  readonly metrics: Metrics
  /** Every state of every Pod and ReplicaSet in the order of revisions is told to these. */
  readonly watch: (listener: (pods: readonly CorePod[]) => void) => void
  /** Moves the clock a little at a time until the condition holds. */
  until(what: string, condition: () => unknown): Promise<void>
  /** Runs the named controllers; with no names, all of them and the scheduler. */
  run(names?: string[], options?: Partial<ControllerOptions>): Promise<RunningControllers>
  pods(selector?: string): Promise<CorePod[]>
  reconciles(name: string): ReconcileTrace[]
  /** What the played kubelets do; `stuck` images never become ready. */
  readonly kubelets: { on: boolean; stuck: Set<string>; lingering: boolean }
  addNode(name: string, options?: { cpu?: string; labels?: Record<string, string>; pods?: string }): Promise<void>
}

/** The rooms next door, handed in by the test: only tests may know more than one. */
export interface Neighbours {
  startTestServer(options: { clock: Clock; trace: Trace }): Promise<
    AsyncDisposable & {
      client: Client
      server: { transportFor(identity: { user: string; groups: string[]; client: string }): Transport }
    }
  >
  runScheduler(options: {
    client: Client
    clock: Clock
    logger: Logger
    trace: Trace
    random: () => number
    metrics: Metrics
    gate: LoopGates
  }): AsyncDisposable & { idle(): boolean }
}

export async function startTestLoops({ startTestServer, runScheduler }: Neighbours): Promise<TestLoops> {
  const clock = new FakeClock()
  const traces: TraceEvent[] = []
  const metrics = new Metrics()
  const trace = { emit: (event: TraceEvent) => void traces.push(event) }
  const server = await startTestServer({ clock, trace })
  const stack = new AsyncDisposableStack()
  stack.use(server)
  const gates = new LoopGates(clock)
  const news = new HeldNews()
  const servers: TestLoops['servers'] = new Map()
  const admin = (client: string) =>
    createClient(server.server.transportFor({ user: 'admin', groups: ['system:masters'], client }))
  // Each under the name it has in a cluster, so that a loop that does what its role does not say fails here.
  const clientAs = (user: string, groups: string[], client: string) =>
    createClient(
      behind(
        servers,
        news.delaying(server.server.transportFor({ user, groups: [...groups, 'system:authenticated'], client })),
      ),
    )
  const clientFor = (client: string, account: string) =>
    clientAs(`system:serviceaccount:kube-system:${account}`, ['system:serviceaccounts'], client)
  const { client } = server
  const kubelets = { on: true, stuck: new Set<string>(), lingering: false }
  const listeners: ((pods: readonly CorePod[]) => void)[] = []
  const running: { idle(): boolean }[] = []
  let playing = 0
  const stop = new AbortController()
  const informer = new SharedInformer({
    client: admin('kubelets'),
    kind: Pod,
    clock,
    random: () => 0.5,
    logger: noLogger,
  })
  informer.addHandler(({ type, object }) => {
    for (const listener of listeners) listener(informer.cache.list())
    if (!kubelets.on || type === 'deleted') return
    playing++
    void playKubelet(admin('kubelets'), object, kubelets, isoTime(clock)).finally(() => playing--)
  })
  void informer.start(stop.signal)
  stack.defer(() => stop.abort())
  await informer.synced

  const untilTrue: TestLoops['until'] = async (what, condition) => {
    const giveUpAt = performance.now() + PATIENCE_MS
    while (performance.now() < giveUpAt) {
      if (await condition()) return
      await settlePromises()
      // Time stands still while anyone works: the disk is real, and a deadline must not pass while it is written.
      if (running.every((loop) => loop.idle()) && playing === 0) await clock.advance(50)
    }
    throw new Error(`never came true: ${what}`)
  }

  return {
    client,
    clock,
    gates,
    news,
    servers,
    traces,
    metrics,
    kubelets,
    watch: (listener) => void listeners.push(listener),
    until: untilTrue,
    async run(names, options = {}) {
      const all = buildControllers({ kinds: builtInKinds, clusterCidr: '10.244.0.0/16', rootCaPem: 'PEM', ...options })
      const definitions = names ? names.map((name) => named(all, name)) : all
      const controllers = runControllers({
        definitions,
        clientFor,
        informerClientFor: (client) => clientAs('system:kube-controller-manager', [], client),
        clock,
        logger: noLogger,
        trace,
        random: () => 0.5,
        metrics,
        gate: gates,
      })
      stack.use(controllers)
      running.push(controllers)
      if (!names)
        running.push(
          stack.use(
            runScheduler({
              client: clientAs('system:kube-scheduler', [], 'kube-scheduler'),
              clock,
              logger: noLogger,
              trace,
              random: () => 0.5,
              metrics,
              gate: gates,
            }),
          ),
        )
      await controllers.ready
      // Without its account no pod is let in, and the wait for it is by the clock.
      if (names?.includes('serviceaccount')) {
        await untilTrue('accounts', async () => (await client.of(ServiceAccount).list()).items.length > 3)
      }
      return controllers
    },
    async pods(labelSelector) {
      return (await client.of(Pod).list({ namespace: 'default', ...(labelSelector ? { labelSelector } : {}) })).items
    },
    reconciles: (name) =>
      traces.filter(
        (event): event is ReconcileTrace =>
          event.type === 'reconcile' && event.client === `kube-controller-manager/${name}-controller`,
      ),
    async addNode(name, { cpu = '4', labels = {}, pods = '110' } = {}) {
      const at = isoTime(clock)
      await client.of(Node).create({ metadata: { name, labels: { 'kubernetes.io/hostname': name, ...labels } } })
      const conditions = [
        { type: 'Ready', status: 'True', reason: 'KubeletReady', lastHeartbeatTime: at, lastTransitionTime: at },
      ]
      const capacity = { cpu, memory: '8Gi', pods }
      const patch = (what: object, subresource?: string) =>
        insist(() =>
          client.of(Node).patch({ name }, 'application/merge-patch+json', what, subresource ? { subresource } : {}),
        )
      await patch({ status: { conditions, capacity, allocatable: capacity } }, 'status')
      // What admission put on the new node, the node lifecycle loop takes off; here not every test runs it.
      await patch({ spec: { taints: null } })
    },
    [Symbol.asyncDispose]: () => stack.disposeAsync(),
  }
}

function named(all: readonly ControllerDefinition[], name: string): ControllerDefinition {
  const found = all.find((definition) => definition.name === name)
  if (!found) throw new Error(`no controller ${name}`)
  return found
}

function behind(servers: TestLoops['servers'], transport: Transport): Transport {
  return {
    ...transport,
    async request(request) {
      for (const [path, answer] of servers) if (request.path.startsWith(path)) return answer(request)
      return transport.request(request)
    },
  }
}

/** Watch events of a resource held back from all loops, as by a slow network; lists still answer. */
class HeldNews {
  readonly #held = new Map<string, PromiseWithResolvers<void>>()

  hold(plural: string): void {
    this.#held.set(plural, Promise.withResolvers())
  }

  release(plural: string): void {
    this.#held.get(plural)?.resolve()
    this.#held.delete(plural)
  }

  /** What was held never arrives: the watches are told that it is forgotten, and list anew. */
  lose(plural: string): void {
    this.#held.get(plural)?.reject(expired('too old resource version'))
    this.#held.delete(plural)
  }

  delaying(transport: Transport): Transport {
    const held = (path: string) => this.#held.get(path.slice(path.lastIndexOf('/') + 1))?.promise
    return {
      request: (request) => transport.request(request),
      stream: (request) => transport.stream(request),
      async watch(request) {
        const pieces = await transport.watch(request)
        return (async function* () {
          for await (const piece of pieces) {
            await held(request.path)
            yield piece
          }
        })()
      },
    }
  }
}

async function playKubelet(
  client: Client,
  pod: CorePod,
  { stuck, lingering }: TestLoops['kubelets'],
  at: string,
): Promise<void> {
  const { namespace = '', name = '', uid, deletionTimestamp } = pod.metadata ?? {}
  const pods = client.of(Pod)
  const ignore = () => undefined
  if (deletionTimestamp) {
    if (!lingering)
      await pods.delete({ namespace, name }, { gracePeriodSeconds: 0, ...(uid ? { uid } : {}) }).catch(ignore)
    return
  }
  if (!pod.spec?.nodeName || pod.status?.phase === 'Running') return
  const ready = pod.spec.containers.every(({ image }) => !stuck.has(image ?? ''))
  const condition = { type: 'Ready', status: ready ? 'True' : 'False', lastTransitionTime: at }
  const podIP = `10.244.0.${1 + (Number.parseInt(uid?.slice(0, 2) ?? '1', 16) % 250)}`
  const status = { phase: 'Running', podIP, podIPs: [{ ip: podIP }], startTime: at, conditions: [condition] }
  await insist(() =>
    pods.patch(
      { namespace, name },
      'application/strategic-merge-patch+json',
      { metadata: { uid }, status },
      { subresource: 'status' },
    ),
  ).catch(ignore)
}

/** Tries again when a loop was quicker: a person would, too. */
export async function insist<T>(act: () => Promise<T>): Promise<T> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await act()
    } catch (err) {
      if (!isConflict(err) || attempt === 20) throw err
    }
  }
}

export function deployment(
  name: string,
  spec: Partial<AppsDeployment['spec']> & { image?: string } = {},
): AppsDeployment {
  const { image = 'web:1', ...rest } = spec
  return {
    metadata: { name, namespace: 'default', labels: { app: name } },
    spec: {
      replicas: 3,
      selector: { matchLabels: { app: name } },
      template: { metadata: { labels: { app: name } }, spec: { containers: [{ name: 'web', image }] } },
      ...rest,
    },
  }
}

export function replicaSet(name: string, replicas: number): AppsReplicaSet {
  return {
    metadata: { name, namespace: 'default' },
    spec: {
      replicas,
      selector: { matchLabels: { app: name } },
      template: { metadata: { labels: { app: name } }, spec: { containers: [{ name: 'web', image: 'web:1' }] } },
    },
  }
}

// Traces one request after the other through a cluster: every machine that can be heard listens for it, the client's makes it,
// and what the kernels told is put in order. Nothing is there while nobody traces.

import type { Clock } from '../../../base/clock.ts'
import type { Transport } from '../../../kube/client/index.ts'
import type { RequestOutcome } from '../../../kube/network/trace/make-request.ts'
import type { TraceReport } from '../../../kube/network/trace/request-tracer.ts'
import type { Source } from '../../../kube/network/trace/trace-order.ts'
import type { ClusterObjects } from '../addresses.ts'
import { whyDeaf } from '../network-objects.ts'
import { addressesOfPod, nextTo, podRangesOf } from '../object-addresses.ts'
import { endsOf } from './ends.ts'
import { hopsOf } from './hops.ts'
import { MachineTracer } from './machine-tracer.ts'
import type { Told } from './told.ts'
import { traceTarget } from './trace-target.ts'
import type { TracedRequest, TraceQuestion } from './traced-request.ts'
import { verdictOf } from './verdict.ts'

export interface RequestTracingOptions {
  sight: { view(before: { pods: [] }): ClusterObjects }
  connect: () => Transport & Disposable
  clock: Clock
  random: () => number
}

/** Calls from that port of the learner's terminal; what came of it, as far as is known there. */
export type TerminalCall = (order: {
  host: string
  port: number
  protocol: TraceQuestion['protocol']
  localPort: number
}) => Promise<RequestOutcome>

/** More often than that no person asks. */
const LEAST_BETWEEN_MS = 1_000
/** A request goes from the client's machine by a node port of another to the endpoint's; more is a ring. */
const MOST_MACHINES = 4
/** Above what services listen on. */
const [FIRST_PORT, PORTS] = [33_000, 27_000]

export class RequestTracing {
  readonly #options: RequestTracingOptions
  #isBusy = false
  #next = 0

  constructor(options: RequestTracingOptions) {
    this.#options = options
  }

  /** Returns words where it cannot be made. What is asked of the terminal is `call`ed there. */
  async trace(question: TraceQuestion, call?: TerminalCall): Promise<TracedRequest | string> {
    const { sight, connect, clock } = this.#options
    const objects = sight.view({ pods: [] })
    const client = clientOf(question, objects)
    if (typeof client === 'string') return client
    if (!client.machine && !call) return 'There is no terminal from which it could be called.'
    const target = traceTarget(question.to, client.namespace, objects)
    if (typeof target === 'string') return target
    if (this.#isBusy) return 'One request is traced at a time: wait until the last has come to its end.'
    this.#isBusy = true
    const transport = connect()
    try {
      await clock.sleep(Math.max(0, this.#next - clock.monotonic()))
      const told = await this.#ask({ client, target, objects, transport, protocol: question.protocol, call })
      return {
        from: client.name,
        to: `${target.host}:${target.port}`,
        ends: endsOf(told),
        hops: hopsOf(told),
        verdict: verdictOf(told),
        unheard: told.unheard,
      }
    } catch (err) {
      return err instanceof Error ? err.message : String(err)
    } finally {
      transport[Symbol.dispose]()
      this.#isBusy = false
      this.#next = clock.monotonic() + LEAST_BETWEEN_MS
    }
  }

  async #ask(
    asked: Pick<Told, 'client' | 'target' | 'objects' | 'protocol'> & { transport: Transport; call?: TerminalCall },
  ): Promise<Told> {
    const { client, target, objects, protocol, transport, call } = asked
    const port = FIRST_PORT + Math.floor(this.#options.random() * PORTS)
    const tracers = objects.nodes.flatMap((node) =>
      whyDeaf(node)?.state === 'simulated' ? [] : [new MachineTracer(node.metadata?.name ?? '', transport)],
    )
    const unheard: Told['unheard'] = []
    const armed = new Map<string, MachineTracer>()
    try {
      await Promise.all(
        tracers.map(async (tracer) => {
          const isHere = tracer.machine === client.machine
          const others = addressesOfMachines(objects)
          await tracer.arm({ port, protocol, isHere, from: [...client.ips], others }).then(
            () => armed.set(tracer.machine, tracer),
            (err: unknown) => unheard.push({ machine: tracer.machine, why: wordsOf(err) }),
          )
        }),
      )
      const all = [...armed.values()]
      if (!client.machine && call) {
        const outcome = await call({ ...target, protocol, localPort: port })
        const sent = outcome.from ? [{ ip: outcome.from, port }] : []
        const machines = await followed([], { sources: sent, all, port })
        return { client, target, port, objects, protocol, outcome, machines, unheard }
      }
      const origin = armed.get(client.machine)
      if (!origin)
        throw new Error(`The machine of ${client.name} does not answer: ${unheard[0]?.why ?? 'it is unknown'}.`)
      const order = { port, protocol, host: target.host, to: target.port }
      const outcome = await origin.request({ ...order, ...(client.pod ? { pod: client.pod } : {}) })
      const first = { name: origin.machine, report: await origin.collect(port) }
      const machines = await followed([first], { sources: sourcesOf(first.report), all, port })
      return { client, target, port, objects, protocol, outcome, machines, unheard }
    } finally {
      // One that did not answer ends it by itself.
      await Promise.allSettled([...armed.values()].map((tracer) => tracer.end(port)))
    }
  }
}

/**
 * On from those that saw it first, each time to the one that saw it come as it left the last. It may come back to a machine:
 * by a node port of another one.
 */
async function followed(
  seenBy: Told['machines'],
  { sources: sent, all, port }: { sources: readonly Source[]; all: readonly MachineTracer[]; port: number },
): Promise<Told['machines']> {
  const machines = [...seenBy]
  const seen = new Set<string>()
  for (let sources = sent; sources.length > 0 && machines.length < MOST_MACHINES; ) {
    const at = machines.at(-1)?.name
    for (const { ip, port: from } of sources) seen.add(`${at} ${ip}:${from}`)
    const next = await firstToSee(
      all.filter(({ machine }) => machine !== at),
      { port, isNew: (machine, { ip, port: from }) => !seen.has(`${machine} ${ip}:${from}`), sources },
    )
    if (!next) break
    machines.push(next)
    sources = sourcesOf(next.report)
  }
  return machines
}

async function firstToSee(
  tracers: readonly MachineTracer[],
  told: { port: number; sources: readonly Source[]; isNew: (machine: string, source: Source) => boolean },
): Promise<Told['machines'][number] | undefined> {
  for (const tracer of tracers) {
    const sources = told.sources.filter((source) => told.isNew(tracer.machine, source))
    if (sources.length === 0) continue
    const report = await tracer.collect(told.port, sources)
    if (report.passages.length > 0) return { name: tracer.machine, report }
  }
  return undefined
}

/** As it came, and as it left where its sender was rewritten. */
function sourcesOf({ passages, connection }: TraceReport): Source[] {
  const came = passages.at(-1)?.packet
  return [
    ...(came ? [{ ip: came.from, port: came.fromPort }] : []),
    ...(connection ? [{ ip: connection.answered.to, port: connection.answered.toPort }] : []),
  ]
}

function clientOf({ from }: TraceQuestion, { pods, nodes }: ClusterObjects): Told['client'] | string {
  if ('terminal' in from) return { name: 'your terminal', namespace: 'default', machine: '', ips: [] }
  const machine = 'machine' in from ? from.machine : podOf(from.pod, pods)?.spec?.nodeName
  const node = nodes.find(({ metadata }) => metadata?.name === machine)
  if ('machine' in from) {
    if (!node) return `There is no machine \`${from.machine}\`.`
    return canCall(node, { name: from.machine, namespace: 'default', machine: from.machine, ips: [] })
  }
  const { namespace, name } = from.pod
  const pod = podOf(from.pod, pods)
  if (!pod || !node) return `There is no Pod \`${name}\` in ${namespace}, or it is on no machine yet.`
  const ips = pod.spec?.hostNetwork ? [] : addressesOfPod(pod)
  return canCall(node, { name, namespace, machine: machine ?? '', pod: from.pod, ips })
}

function canCall(node: ClusterObjects['nodes'][number], client: Told['client']): Told['client'] | string {
  const deaf = whyDeaf(node)
  return deaf?.state === 'simulated' ? `${deaf.why} So none can be traced.` : client
}

const podOf = ({ namespace, name }: { namespace: string; name: string }, pods: ClusterObjects['pods']) =>
  pods.find(({ metadata }) => metadata?.namespace === namespace && metadata.name === name)

/** Under which a packet may come from another machine: its own, and that of the bridge its Pods hang on. */
function addressesOfMachines({ nodes }: ClusterObjects): string[] {
  return nodes.flatMap((node) => [
    ...(node.status?.addresses ?? []).flatMap(({ type, address }) => (type === 'InternalIP' ? [address] : [])),
    ...podRangesOf(node).flatMap((own) => [own, nextTo(own)]),
  ])
}

const wordsOf = (err: unknown) => (err instanceof Error ? err.message : String(err)).replace(/\.$/, '')

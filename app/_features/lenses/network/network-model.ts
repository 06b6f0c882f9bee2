// What the Network lens knows: the connections that kernels told of, and the flows they make up: all connections from one
// caller by one Service to one endpoint.

import type {
  NetworkMachine,
  NetworkMoment,
  NetworkPod,
  NetworkPush,
  NetworkService,
  Place,
  SeenConnection,
} from '../../../../server/observe/index.ts'

/** Older ones are in the counts of nobody any more. */
const mostKept = 500
const rateOverMs = 1000

export interface Flow {
  key: string
  from: Place
  asked: Place
  endpoint: Place
  /** Oldest first. */
  connections: SeenConnection[]
}

export class NetworkModel {
  isWhole = false
  services: NetworkService[] = []
  pods: NetworkPod[] = []
  machines: NetworkMachine[] = []
  lost: NonNullable<NetworkPush['lost']> = []
  /** Probes, looked-up names and the talk of machines and API server too. */
  showsAll = false
  /** Since when anybody listens. */
  since = Number.POSITIVE_INFINITY
  /** Of an earlier moment: until when it lasted. */
  until: number | undefined
  private all = new Map<number, SeenConnection>()

  /** Answers which connections are new, of those that are shown. */
  apply(push: NetworkPush): SeenConnection[] {
    if (push.whole) this.all.clear()
    this.isWhole = true
    this.since = push.since ?? this.since
    this.services = push.services ?? this.services
    this.pods = push.pods ?? this.pods
    this.machines = push.machines ?? this.machines
    this.lost = push.lost ?? this.lost
    const isNew = push.connections.filter(({ id }) => !this.all.has(id))
    for (const connection of push.connections) this.all.set(connection.id, connection)
    this.forgetOldest()
    // What one finds when one comes has happened before: it does not move.
    return push.whole ? [] : isNew.filter((connection) => this.isShown(connection))
  }

  /** As it was until `until`: objects as the store had them, and of the connections that were heard those that had begun. */
  at(moment: NetworkMoment, until: number): NetworkModel {
    const { showsAll, since } = this
    const wasHeard = since <= until
    const machines = moment.machines.map((machine) =>
      machine.state === 'simulated'
        ? machine
        : { ...machine, ...(wasHeard ? { state: 'listening' as const, why: '' } : notHeardThen) },
    )
    const then = Object.assign(new NetworkModel(), { ...moment, machines, showsAll, since, until, isWhole: true })
    for (const [id, connection] of this.all) {
      if (connection.at > until) continue
      const { end, ...begun } = connection
      then.all.set(id, end && end.at <= until ? connection : begun)
    }
    return then
  }

  /** What stands where no connection does. */
  get none(): string {
    if (this.until === undefined) return 'None since you look.'
    return this.since <= this.until
      ? 'None until then, since somebody looked.'
      : 'Nobody listened then: connections are heard only while somebody looks through this lens, and kept by nobody else.'
  }

  connection(id: number): SeenConnection | undefined {
    return this.all.get(id)
  }

  /** Those that are shown, oldest first. */
  get connections(): SeenConnection[] {
    return [...this.all.values()].filter((connection) => this.isShown(connection))
  }

  get hidden(): number {
    return [...this.all.values()].filter((connection) => !this.isShown(connection)).length
  }

  get flows(): Flow[] {
    const flows = new Map<string, Flow>()
    for (const connection of this.connections) {
      const { from, asked, endpoint } = connection
      const key = flowKey(connection)
      const flow = flows.get(key) ?? { key, from, asked, endpoint, connections: [] }
      flow.connections.push(connection)
      flows.set(key, flow)
    }
    return [...flows.values()]
  }

  /** A learner's own; of the cluster's own Services those that are used, or all when everything is shown. */
  get shownServices(): NetworkService[] {
    if (this.showsAll) return this.services
    const used = new Set(this.connections.map(({ asked }) => asked.service?.name))
    return this.services.filter(
      ({ namespace, name }) => used.has(name) || !(namespace === 'kube-system' || name === 'kubernetes'),
    )
  }

  service(namespace: string, name: string): NetworkService | undefined {
    return this.services.find((one) => one.name === name && one.namespace === namespace)
  }

  pod(namespace: string, name: string): NetworkPod | undefined {
    return this.pods.find((one) => one.name === name && one.namespace === namespace)
  }

  /** What a rule stopped is worth a look, whatever it was for. */
  private isShown({ purpose, end }: SeenConnection): boolean {
    return this.showsAll || purpose === '' || end?.by !== undefined
  }

  private forgetOldest(): void {
    // Probes never push out what a learner did.
    for (const isQuiet of [true, false]) {
      const some = [...this.all.values()].filter(({ purpose }) => (purpose !== '') === isQuiet)
      for (const { id } of some.slice(0, Math.max(0, some.length - mostKept))) this.all.delete(id)
    }
  }
}

const notHeardThen = { state: 'connecting' as const, why: 'Nobody listened to its kernel then.' }

export const flowKey = ({ from, asked, endpoint, protocol }: SeenConnection): string =>
  [
    placeKey(from),
    asked.service ? `${asked.service.namespace}/${asked.service.name}` : '',
    placeKey(endpoint),
    endpoint.port,
    protocol,
  ].join(' ')

/** Whose place it is: a Pod's, a machine's, a Service's that is served by no Pod, or just an address. */
export function placeKey({ pod, machine, service, ip }: Place): string {
  if (pod) return `pod ${pod.namespace}/${pod.name}`
  if (machine) return `machine ${machine}`
  return service ? `service ${service.namespace}/${service.name}` : ip
}

/** As people say it. */
export function placeName(place: Place): string {
  const { pod, machine, service, ip } = place
  if (pod) return pod.name
  if (machine) return machine
  if (service?.name === 'kubernetes' && service.namespace === 'default') return 'API server'
  if (service?.name === 'kube-dns' && service.namespace === 'kube-system') return 'DNS'
  return service?.name ?? ip
}

export const addressOf = ({ ip, port }: Place): string => withPort(ip, port)

export function withPort(ip: string, port = 0): string {
  if (port === 0) return ip
  return ip.includes(':') ? `[${ip}]:${port}` : `${ip}:${port}`
}

/** No rule led on from the Service to anybody. */
export const endsAtService = ({ asked, endpoint }: Pick<SeenConnection, 'asked' | 'endpoint'>): boolean =>
  endpoint.service !== undefined && endpoint.ip === asked.ip

/** How many began in the second before the newest, by the clock of the machines. */
export function rateOf(connections: readonly SeenConnection[]): number {
  const newest = connections.reduce((latest, { at }) => Math.max(latest, at), 0)
  return connections.filter(({ at }) => at > newest - rateOverMs).length
}

/** How often each endpoint was chosen, most often first; those never chosen too. */
export function choices(
  service: NetworkService,
  connections: readonly SeenConnection[],
): { name: string; count: number }[] {
  const counts = new Map(
    service.endpoints.filter(({ ready }) => ready).map(({ pod, address }) => [pod?.name ?? address, 0]),
  )
  for (const { asked, endpoint } of connections) {
    // Nobody was chosen.
    if (endsAtService({ asked, endpoint })) continue
    if (asked.service?.name !== service.name || asked.service.namespace !== service.namespace) continue
    const name = placeName(endpoint)
    counts.set(name, (counts.get(name) ?? 0) + 1)
  }
  return [...counts].map(([name, count]) => ({ name, count }))
}

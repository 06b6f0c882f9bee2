// What people do to a simulated cluster while it storms.

import type { Pod as CorePod } from 'kubernetes-types/core/v1'
import { isConflict, isNotFound, StatusError } from '../../apimachinery/status-error.ts'
import { createClient, objectPath } from '../../client/client.ts'
import { CronJob } from '../../kinds/cron-job.ts'
import { DaemonSet } from '../../kinds/daemon-set.ts'
import { Deployment } from '../../kinds/deployment.ts'
import { Namespace } from '../../kinds/namespace.ts'
import { Pod } from '../../kinds/pod.ts'
import { ServiceAccount } from '../../kinds/service-account.ts'
import { StatefulSet } from '../../kinds/stateful-set.ts'
import type { Load } from './load.ts'
import { isDown, type Network } from './network.ts'
import { DOOMED, deployment, named, namespace, WORKLOAD } from './workload.ts'

const merge = 'application/merge-patch+json'
const TOO_MANY_REQUESTS = 429
const DRAIN_ROUNDS = 6

export class People {
  /** Pods that were ready and that a budget let go. */
  readonly evicted = new Set<string>()
  readonly #network: Network
  readonly #load: Load
  readonly #client

  constructor(network: Network, load: Load) {
    this.#network = network
    this.#load = load
    this.#client = createClient(network.trusted('people'))
  }

  async create(): Promise<void> {
    const client = this.#client
    for (const make of WORKLOAD) await this.#insist(() => make(client))
    await this.#insist(() => client.of(Namespace).create({ metadata: { name: 'temporary' } }))
    await this.#insist(() => client.of(ServiceAccount).get(named('default', 'temporary')))
    await this.#insist(() => client.of(Deployment).create(deployment('web', { inNamespace: 'temporary' })))
  }

  /** One of the things that people do all the time. */
  async act(): Promise<void> {
    const { dice } = this.#network
    const client = this.#client
    const change = (of: typeof Deployment | typeof StatefulSet | typeof DaemonSet, name: string, spec: object) =>
      this.#insist(() => client.of(of as typeof Deployment).patch(named(name), merge, { spec }))
    const image = `main:${dice.below(1000)}`
    const containers = [{ name: 'main', image, resources: { requests: { cpu: '100m' } } }]
    const template = { spec: { containers } }
    switch (dice.below(13)) {
      case 0:
        return change(Deployment, 'web', { replicas: dice.below(7) })
      case 1:
        return change(Deployment, 'web', { template })
      case 2:
        return change(StatefulSet, 'db', { replicas: 1 + dice.below(4) })
      case 3:
        return change(StatefulSet, 'db', { template })
      case 4:
        return change(DaemonSet, 'agent', { template })
      case 5:
        return change(StatefulSet, 'store', { replicas: dice.below(4) })
      case 6:
        return change(Deployment, 'roaming', { template })
      case 7:
        return this.#load.change(dice)
      case 8:
        return this.#drain('fixed')
      case 9:
        return this.#killSomePod({ labelSelector: 'app=roaming' }, { gracePeriodSeconds: 0 })
      default:
        return this.#killSomePod()
    }
  }

  /** What goes away for good. */
  async leave(): Promise<void> {
    for (const [name, propagationPolicy] of Object.entries(DOOMED)) {
      await this.#insist(() => this.#client.of(Deployment).delete(named(name), { propagationPolicy }))
    }
    await this.#insist(() => this.#client.of(Namespace).delete({ name: 'temporary' }))
  }

  /** What would go on for ever ends. */
  async rest(): Promise<void> {
    await this.#insist(() => this.#client.of(CronJob).patch(named('cron'), merge, { spec: { suspend: true } }))
  }

  async #killSomePod(which: { labelSelector?: string } = {}, how: { gracePeriodSeconds?: number } = {}): Promise<void> {
    await this.#insist(async () => {
      const { items } = await this.#client.of(Pod).list({ namespace, ...which })
      if (items.length === 0) return
      await this.#client.of(Pod).delete(named(this.#network.dice.pick(items).metadata?.name ?? ''), how)
    })
  }

  /** Asks again and again, as `kubectl drain` does while a budget holds it up. */
  async #drain(app: string): Promise<void> {
    const { clock, dice } = this.#network
    for (let round = 0; round < DRAIN_ROUNDS; round++) {
      await this.#insist(async () => {
        const { items } = await this.#client.of(Pod).list({ namespace, labelSelector: `app=${app}` })
        for (const pod of items) await this.#evict(pod)
      })
      await clock.sleep(dice.below(1_000))
    }
  }

  async #evict({ metadata, status }: CorePod): Promise<void> {
    const { name = '', uid = '', resourceVersion, deletionTimestamp } = metadata ?? {}
    const isReady = status?.conditions?.some(({ type, status: is }) => type === 'Ready' && is === 'True')
    // What is not ready, or goes already, may go without being asked about.
    if (!isReady || deletionTimestamp) return
    // As it is, or not at all.
    const deleteOptions = { preconditions: { uid, resourceVersion } }
    const body = { apiVersion: 'policy/v1', kind: 'Eviction', metadata: named(name), deleteOptions }
    try {
      await this.#client.transport.request({ method: 'POST', path: objectPath(Pod, named(name), 'eviction'), body })
      this.evicted.add(uid)
    } catch (err) {
      const isKept = err instanceof StatusError && err.code === TOO_MANY_REQUESTS
      if (!isKept && !isConflict(err) && !isNotFound(err)) throw err
    }
  }

  /** People try again when the server is down or somebody was quicker; what has gone has gone. */
  async #insist(act: () => Promise<unknown>): Promise<void> {
    for (let tries = 0; ; tries++) {
      try {
        await act()
        return
      } catch (err) {
        if (tries > 200 || !(isDown(err) || isConflict(err) || isNotFound(err))) throw err
        if (isNotFound(err) && tries > 20) return
        await this.#network.clock.sleep(500)
      }
    }
  }
}

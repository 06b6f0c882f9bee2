// How fast nodes may be given up, zone by zone. Few silent nodes are probably dead; many at once are probably cut off,
// and driving all their pods off would do more harm than waiting:
//
//   zone                                          a node is given up
//   Normal, FullDisruption (no node is Ready)     every 10 s (--node-eviction-rate 0.1)
//   PartialDisruption (55 % and more than two     every 100 s (--secondary-node-eviction-rate 0.01); never where the
//     are not Ready)                                zone has 50 nodes or fewer (--large-cluster-size-threshold)
//   FullDisruption in all zones                   never, and what was given up is taken back: it is us who are cut off
//
// Upstream: kubernetes/pkg/controller/nodelifecycle/node_lifecycle_controller.go (handleDisruption).

import type { Node } from 'kubernetes-types/core/v1'
import type { Clock } from '../../../base/clock.ts'
import type { Counter, Metrics } from '../../../base/metrics.ts'
import { TokenBucket } from '../../client/token-bucket.ts'
import { readinessOf } from './node-health.ts'

export interface EvictionRates {
  /** Nodes a second. */
  nodeEvictionRate: number
  secondaryNodeEvictionRate: number
  /** The part of a zone's nodes from which on it is ill. */
  unhealthyZoneThreshold: number
  largeClusterSizeThreshold: number
}

export const UPSTREAM_RATES: EvictionRates = {
  nodeEvictionRate: 0.1,
  secondaryNodeEvictionRate: 0.01,
  unhealthyZoneThreshold: 0.55,
  largeClusterSizeThreshold: 50,
}

type ZoneState = 'Normal' | 'PartialDisruption' | 'FullDisruption'

interface Zone {
  ready: number
  notReady: number
  /** Below zero until it is first asked for. */
  perSecond: number
  /** None while nobody may be given up. */
  bucket: TokenBucket | undefined
}

const EXCLUDED = 'node.kubernetes.io/exclude-disruption'

export class EvictionZones {
  readonly #clock: Clock
  readonly #rates: EvictionRates
  readonly #zones = new Map<string, Zone>()
  /** What each node counts as: its zone and whether it is Ready. */
  readonly #counted = new Map<string, { key: string; isReady: boolean }>()

  readonly #givenUp: Counter

  constructor(clock: Clock, rates: EvictionRates, metrics: Metrics) {
    this.#clock = clock
    this.#rates = rates
    this.#givenUp = metrics.counter(
      'node_collector_evictions_total',
      'Number of Node evictions that happened since current instance of NodeController started.',
    )
    const gauge = (name: string, measures: string, of: (zone: Zone) => number) =>
      metrics.gauge(`node_collector_${name}`, `Gauge measuring ${measures}.`, () =>
        [...this.#zones].map(([zone, counts]) => [{ zone }, of(counts)] as const),
      )
    gauge('zone_size', 'number of registered Nodes per zones', ({ ready, notReady }) => ready + notReady)
    gauge('zone_health', 'percentage of healthy nodes per zone', ({ ready, notReady }) =>
      ready + notReady > 0 ? (100 * ready) / (ready + notReady) : 100,
    )
    gauge('unhealthy_nodes_in_zone', 'number of not Ready Nodes per zones', ({ notReady }) => notReady)
  }

  see(node: Node): void {
    const { name = '', labels } = node.metadata ?? {}
    const isExcluded = labels?.[EXCLUDED] !== undefined
    const isReady = readinessOf(node) === 'True'
    const before = this.#counted.get(name)
    const key = zoneKeyOf(node)
    if (!isExcluded && before?.key === key && before.isReady === isReady) return
    this.forget(name)
    if (isExcluded) return
    this.#counted.set(name, { key, isReady })
    this.#zone(key)[isReady ? 'ready' : 'notReady']++
  }

  forget(name: string): void {
    const before = this.#counted.get(name)
    if (!before) return
    this.#counted.delete(name)
    const zone = this.#zone(before.key)
    zone[before.isReady ? 'ready' : 'notReady']--
    if (zone.ready + zone.notReady === 0) this.#zones.delete(before.key)
  }

  /** Nobody is Ready anywhere. */
  get isAllDown(): boolean {
    return this.#counted.size > 0 && [...this.#zones.values()].every((zone) => this.#stateOf(zone) === 'FullDisruption')
  }

  /** Whether this node may be given up now; uses up the zone's turn. */
  tryGiveUp(node: Node): boolean {
    const zone = zoneKeyOf(node)
    const isGivenUp = this.#upToDate(zone).bucket?.tryTake() ?? false
    if (isGivenUp) this.#givenUp.add({ zone })
    return isGivenUp
  }

  /** How long to wait before asking again; undefined while the zone gives nobody up. */
  intervalMs(node: Node): number | undefined {
    const { perSecond } = this.#upToDate(zoneKeyOf(node))
    return perSecond > 0 ? 1000 / perSecond : undefined
  }

  #upToDate(key: string): Zone {
    const zone = this.#zone(key)
    const perSecond = this.isAllDown ? 0 : this.#rateOf(zone)
    if (perSecond === zone.perSecond) return zone
    // Whoever has just used up the old rate's turn, or had none, does not get one by the change.
    const mayAtOnce = zone.perSecond < 0 || (zone.bucket?.tryTake() ?? false)
    zone.perSecond = perSecond
    zone.bucket = perSecond > 0 ? new TokenBucket({ clock: this.#clock, perSecond, burst: 1 }) : undefined
    if (!mayAtOnce) zone.bucket?.tryTake()
    return zone
  }

  #rateOf(zone: Zone): number {
    const { nodeEvictionRate, secondaryNodeEvictionRate, largeClusterSizeThreshold } = this.#rates
    if (this.#stateOf(zone) !== 'PartialDisruption') return nodeEvictionRate
    return zone.ready + zone.notReady > largeClusterSizeThreshold ? secondaryNodeEvictionRate : 0
  }

  #stateOf({ ready, notReady }: Zone): ZoneState {
    if (ready === 0 && notReady > 0) return 'FullDisruption'
    const isIll = notReady > 2 && notReady / (ready + notReady) >= this.#rates.unhealthyZoneThreshold
    return isIll ? 'PartialDisruption' : 'Normal'
  }

  #zone(key: string): Zone {
    let zone = this.#zones.get(key)
    if (!zone) {
      zone = { ready: 0, notReady: 0, perSecond: -1, bucket: undefined }
      this.#zones.set(key, zone)
    }
    return zone
  }
}

/** As upstream names zones in its numbers too: neither name has a null character in it. An old label is heard first. */
function zoneKeyOf({ metadata }: Node): string {
  const { labels = {} } = metadata ?? {}
  const told = (what: string) =>
    labels[`failure-domain.beta.kubernetes.io/${what}`] ?? labels[`topology.kubernetes.io/${what}`] ?? ''
  const [region, zone] = [told('region'), told('zone')]
  return region || zone ? `${region}:\0:${zone}` : ''
}

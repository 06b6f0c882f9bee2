// Whom a policy means: pods by labels, their own and their namespaces', as sets of addresses that the kernel looks up.

import type { LabelSelector as WireSelector } from 'kubernetes-types/meta/v1'
import type { NetworkPolicy, NetworkPolicyPeer } from 'kubernetes-types/networking/v1'
import { type LabelSelector, selectorOfObject } from '../apimachinery/label-selector.ts'
import type { PodFacts } from './pod-facts.ts'
import { FAMILIES, type Family, type Table } from './table.ts'

export interface Cluster {
  policies: readonly NetworkPolicy[]
  pods: readonly PodFacts[]
  namespaces: ReadonlyMap<string, Readonly<Record<string, string>>>
}

interface SetOfFamily {
  family: Family
  set: string
}

export class Peers {
  readonly #cluster: Cluster
  readonly #table: Table
  readonly #families: readonly (typeof FAMILIES)[number][]
  readonly #namedPorts = new Map<string, SetOfFamily[]>()
  readonly #byNamespace: ReadonlyMap<string, readonly PodFacts[]>

  constructor(cluster: Cluster, table: Table) {
    this.#cluster = cluster
    this.#table = table
    this.#families = FAMILIES.filter(({ has }) => cluster.pods.some(({ addresses }) => addresses.some(has)))
    this.#byNamespace = Map.groupBy(cluster.pods, ({ namespace }) => namespace)
  }

  selectedBy({ metadata, spec }: NetworkPolicy, pods: readonly PodFacts[]): PodFacts[] {
    const matches = podMatcher(spec?.podSelector ?? {})
    return pods.filter((pod) => pod.namespace === metadata?.namespace && matches(pod))
  }

  /** Without a selector of namespaces those of the policy's own, without one of pods all of them. */
  meantBy({ podSelector, namespaceSelector }: NetworkPolicyPeer, own: string): PodFacts[] {
    const matches = podMatcher(podSelector ?? {})
    return this.#namespaces(namespaceSelector, own).flatMap((namespace) =>
      (this.#byNamespace.get(namespace) ?? []).filter(matches),
    )
  }

  #namespaces(selector: WireSelector | undefined, own: string): string[] {
    if (!selector) return [own]
    const matching = selectorOfObject(selector as LabelSelector)
    return [...this.#cluster.namespaces].filter(([, labels]) => matching.matches(labels)).map(([name]) => name)
  }

  /** Addresses of pods under a name; answers the sets, one for each family that any pod has. */
  setOf(name: string, pods: readonly PodFacts[]) {
    return this.#sets(name, pods, (address) => [address], '')
  }

  /** Every pod's address with the port that it calls so. */
  namedPort(name: string, protocol: string) {
    const known = this.#namedPorts.get(`${protocol} ${name}`)
    if (known) return known
    const portsOf = ({ ports }: PodFacts) => ports.filter((one) => one.name === name && one.protocol === protocol)
    const elements = (address: string, pod: PodFacts) => portsOf(pod).map(({ port }) => `${address} . ${port}`)
    const pods = this.#cluster.pods.filter(({ isPartOfHost }) => !isPartOfHost)
    const sets = this.#sets(`port/${protocol.toLowerCase()}/${name}`, pods, elements, ' . inet_service')
    this.#namedPorts.set(`${protocol} ${name}`, sets)
    return sets
  }

  #sets(name: string, pods: readonly PodFacts[], of: (address: string, pod: PodFacts) => string[], more: string) {
    return this.#families.map(({ family, type, mark, has }) => {
      const elements = pods.flatMap((pod) => pod.addresses.filter(has).flatMap((address) => of(address, pod)))
      const set = `${name}${mark}`
      this.#table.sets.set(set, { type: `${type}${more}`, elements: new Set(elements) })
      return { family, set }
    })
  }
}

function podMatcher(selector: WireSelector): (pod: PodFacts) => boolean {
  const matching = selectorOfObject(selector as LabelSelector)
  return ({ labels }) => matching.matches(labels)
}

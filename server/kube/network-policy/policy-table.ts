// What the kernel of a machine has to know so that policies hold for the pods on it. A packet that is no reply passes two
// hooks; in each it is led to the chain of its pod, if that is isolated, and dropped there unless some policy allows it:
//
//   egress   ─► from/NAMESPACE/POD ─► egress/NAMESPACE/POLICY …  (of each policy that selects the pod) ─► drop
//   ingress  ─► to/NAMESPACE/POD ─► ingress/NAMESPACE/POLICY …                                         ─► drop
//
// Just before that it comes by `show-drops`, which is empty unless somebody looks at what is dropped.
// Where many policies select a pod, those about whoever is at the other end are found by its address (policies-of-pod.ts).
//
// Pods that a policy names stand in sets: a label that changes is an element that comes or goes.
// What holds: https://kubernetes.io/docs/concepts/services-networking/network-policies/

import type { NetworkPolicy } from 'kubernetes-types/networking/v1'
import { allowRules } from './allow-rules.ts'
import { type Cluster, Peers } from './peers.ts'
import type { PodFacts } from './pod-facts.ts'
import { policiesOfPod } from './policies-of-pod.ts'
import { type Direction, FAMILIES, MAPS, nameOf, type Rule, SELF, SHOW_DROPS, type Table } from './table.ts'

const SIDES = { egress: 'from', ingress: 'to' } as const

/** Undefined where no pod of the machine is isolated. `toldDrops`: of how many in a second the kernel shall tell. */
export function tableOf(cluster: Cluster, node: string, toldDrops = 0): Table | undefined {
  const table: Table = { sets: new Map(), chains: new Map() }
  const local = cluster.pods.filter((pod) => pod.node === node && pod.addresses.length > 0)
  const peers = new Peers(cluster, table)
  const policies = [...cluster.policies].sort((a, b) => (keyOf(a) < keyOf(b) ? -1 : 1))
  const isolated = new Set<PodFacts>()
  for (const direction of ['egress', 'ingress'] as const) {
    const selecting = new Map<PodFacts, NetworkPolicy[]>()
    for (const policy of policies) {
      if (!isAbout(policy, direction)) continue
      const selected = peers.selectedBy(policy, local)
      for (const pod of selected) selecting.set(pod, [...(selecting.get(pod) ?? []), policy])
      if (selected.length > 0) table.chains.set(chainOf(direction, policy), allowRules(policy, direction, peers))
    }
    for (const { type, mark, has } of FAMILIES) {
      // An address that two claim has been given to the second.
      const chains = new Map(
        [...selecting.keys()].flatMap((pod) =>
          pod.addresses.filter(has).map((address) => [address, nameOf(SIDES[direction], pod)] as const),
        ),
      )
      const elements = [...chains].map(([address, chain]) => `${address} : goto ${chain}`)
      table.sets.set(`${MAPS[direction]}${mark}`, { type: `${type} : verdict`, elements: new Set(elements) })
    }
    const written = new Map<string, Rule[]>()
    for (const [pod, list] of selecting) {
      isolated.add(pod)
      // Pods of one label are selected by the same.
      const names = list.map(keyOf)
      const chains = () => list.map((policy) => chainOf(direction, policy))
      const rules = written.get(names.join()) ?? policiesOfPod(table, direction, chains())
      written.set(names.join(), rules)
      table.chains.set(nameOf(SIDES[direction], pod), [...rules, { jump: SHOW_DROPS }, { drop: names, direction }])
    }
  }
  table.chains.set(SHOW_DROPS, toldDrops > 0 ? [{ tell: toldDrops }] : [])
  for (const { type, mark, has } of FAMILIES) {
    const own = [...isolated].flatMap(({ addresses }) => addresses.filter(has).map((one) => `${one} . ${one}`))
    table.sets.set(`${SELF}${mark}`, { type: `${type} . ${type}`, elements: new Set(own) })
  }
  return isolated.size > 0 ? table : undefined
}

const keyOf = ({ metadata }: NetworkPolicy) => `${metadata?.namespace}/${metadata?.name}`

/** What a policy says nothing of: it is about what comes in, and about what goes out where it has a rule for that. */
function isAbout({ spec }: NetworkPolicy, direction: Direction): boolean {
  const types = spec?.policyTypes ?? (spec?.egress?.length ? ['Ingress', 'Egress'] : ['Ingress'])
  return types.includes(direction === 'ingress' ? 'Ingress' : 'Egress')
}

const chainOf = (direction: Direction, { metadata }: NetworkPolicy) =>
  nameOf(direction, { namespace: metadata?.namespace ?? '', name: metadata?.name ?? '' })

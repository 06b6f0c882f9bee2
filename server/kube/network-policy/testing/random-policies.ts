// Policies of every shape from a seed, about the pods there are.

import { BlockList, isIPv6 } from 'node:net'
import type { LabelSelector } from 'kubernetes-types/meta/v1'
import type { IPBlock, NetworkPolicy, NetworkPolicyPeer, NetworkPolicyPort } from 'kubernetes-types/networking/v1'
import { canonicalCidr } from '../../apimachinery/ip-rules.ts'

export interface Vocabulary {
  namespaces: readonly string[]
  addresses: readonly string[]
  ports: readonly number[]
  portNames: readonly string[]
  protocols: readonly NonNullable<NetworkPolicyPort['protocol']>[]
}

/** The same numbers for the same seed. */
export function seeded(seed: number): () => number {
  let state = seed >>> 0
  return () => {
    state = (state + 0x6d2b79f5) >>> 0
    let mixed = Math.imul(state ^ (state >>> 15), state | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }
}

export class RandomPolicies {
  readonly #random: () => number
  readonly #words: Vocabulary

  constructor(seed: number, words: Vocabulary) {
    this.#random = seeded(seed)
    this.#words = words
  }

  policies(count: number): NetworkPolicy[] {
    return Array.from({ length: count }, (_, nth) => this.#policy(`policy-${nth}`))
  }

  #policy(name: string): NetworkPolicy {
    const ingress = this.#some(2, () => this.#rule('from'))
    const egress = this.#some(2, () => this.#rule('to'))
    const types = this.#one([undefined, ['Ingress'], ['Egress'], ['Ingress', 'Egress']])
    return {
      apiVersion: 'networking.k8s.io/v1',
      kind: 'NetworkPolicy',
      metadata: { name, namespace: this.#one(this.#words.namespaces) },
      spec: {
        podSelector: this.#selector(),
        ...(types ? { policyTypes: types } : {}),
        ...(this.#chance(0.8) ? { ingress } : {}),
        ...(egress.length > 0 ? { egress } : {}),
      },
    }
  }

  #rule(side: 'from' | 'to') {
    return {
      ...(this.#chance(0.8) ? { [side]: this.#some(2, () => this.#peer()) } : {}),
      ...(this.#chance(0.6) ? { ports: this.#some(2, () => this.#port()) } : {}),
    }
  }

  #peer(): NetworkPolicyPeer {
    if (this.#chance(0.3)) return { ipBlock: this.#block() }
    const peer = {
      ...(this.#chance(0.6) ? { podSelector: this.#selector() } : {}),
      ...(this.#chance(0.5) ? { namespaceSelector: this.#namespaceSelector() } : {}),
    }
    return Object.keys(peer).length > 0 ? peer : { podSelector: {} }
  }

  /** What it leaves out lies within, as it must. */
  #block(): IPBlock {
    const bits = this.#one([0, 8, 16, 24, 32])
    const cidr = canonicalCidr(`${this.#one(this.#words.addresses)}/${bits}`)
    const inside = this.#words.addresses.filter((address) => contains(cidr, address))
    const longer = [24, 28, 31, 32].filter((one) => one > bits)
    const except =
      longer.length > 0 ? this.#some(2, () => canonicalCidr(`${this.#one(inside)}/${this.#one(longer)}`)) : []
    return { cidr, ...(except.length > 0 ? { except } : {}) }
  }

  #port(): NetworkPolicyPort {
    const protocol = this.#one(this.#words.protocols)
    const port = this.#one(this.#words.ports)
    const kind = this.#random()
    if (kind < 0.2) return { protocol }
    if (kind < 0.5) return { protocol, port: this.#one(this.#words.portNames) }
    return kind < 0.8
      ? { protocol, port }
      : { protocol, port, endPort: Math.min(65_535, port + this.#one([0, 1, 100])) }
  }

  #selector(): LabelSelector {
    const kind = this.#random()
    if (kind < 0.25) return {}
    if (kind < 0.65) return { matchLabels: { app: this.#one(['web', 'db', 'cache']) } }
    return {
      matchExpressions: [
        this.#one([
          { key: 'app', operator: 'In', values: ['web', 'db'] },
          { key: 'app', operator: 'NotIn', values: ['web'] },
          { key: 'tier', operator: 'Exists' },
          { key: 'tier', operator: 'DoesNotExist' },
        ]),
      ],
    }
  }

  #namespaceSelector(): LabelSelector {
    if (this.#chance(0.25)) return {}
    return { matchLabels: { 'kubernetes.io/metadata.name': this.#one(this.#words.namespaces) } }
  }

  #some<T>(most: number, make: () => T): T[] {
    return Array.from({ length: Math.floor(this.#random() * (most + 1)) }, make)
  }

  #one<T>(list: readonly T[]): T {
    return list[Math.floor(this.#random() * list.length)]!
  }

  #chance(share: number): boolean {
    return this.#random() < share
  }
}

function contains(cidr: string, address: string): boolean {
  const [network = '', bits] = cidr.split('/')
  const family = isIPv6(network) ? 'ipv6' : 'ipv4'
  const range = new BlockList()
  range.addSubnet(network, Number(bits), family)
  return isIPv6(address) === (family === 'ipv6') && range.check(address, family)
}

// Which policies a packet of an isolated pod is held against. A few are looked through one by one, as anybody would read them.
// Many are found by who is at the other end, in one step however many there are:
//
//   to/NAMESPACE/POD ─► peers/ingress/… : address → the policies that name it ─► those of any address ─► drop

import { createHash } from 'node:crypto'
import { type Direction, FAMILIES, type Rule, type Table } from './table.ts'

const MANY = 16

/** `chains` are those of the policies; what is needed beside them is put into the table. */
export function policiesOfPod(table: Table, direction: Direction, chains: readonly string[]): Rule[] {
  if (chains.length < MANY) return chains.map((jump) => ({ jump }))
  const named = new Map<string, string[]>()
  const others: string[] = []
  for (const chain of chains) {
    const peers = peersOf(table, chain)
    if (!peers) others.push(chain)
    for (const address of peers ?? []) {
      const list = named.get(address)
      if (list) list.push(chain)
      else named.set(address, [chain])
    }
  }
  const name = `peers/${direction}/${hashOf(chains)}`
  const rules = FAMILIES.flatMap(({ family, type, mark, has }): Rule[] => {
    const elements = [...named].flatMap(([address, list]) =>
      has(address) ? `${address} : jump ${together(table, direction, list)}` : [],
    )
    if (elements.length === 0) return []
    table.sets.set(`${name}${mark}`, { type: `${type} : verdict`, elements: new Set(elements) })
    return [{ byPeer: `${name}${mark}`, family, direction }]
  })
  return [...rules, ...others.map((jump) => ({ jump }))]
}

/** Undefined where a policy lets in, or out, by more than the addresses of pods. */
function peersOf({ sets, chains }: Table, chain: string): Set<string> | undefined {
  const all = new Set<string>()
  for (const rule of chains.get(chain) ?? []) {
    if (!('allow' in rule) || !rule.allow.peer || !('set' in rule.allow.peer)) return undefined
    for (const address of sets.get(rule.allow.peer.set)?.elements ?? []) all.add(address)
  }
  return all
}

/** One chain for all of them. */
function together(table: Table, direction: Direction, [first = '', ...more]: readonly string[]): string {
  if (more.length === 0) return first
  const all = [first, ...more]
  const name = `some/${direction}/${hashOf(all)}`
  if (!table.chains.has(name)) {
    table.chains.set(
      name,
      all.map((jump) => ({ jump })),
    )
  }
  return name
}

const hashOf = (names: readonly string[]) => createHash('sha256').update(names.join()).digest('hex').slice(0, 10)

// What a passage through a chain is about, and how it ended. Chains are known by the names that kube-proxy and the network
// policies give them; whatever else filters is somebody else's, and told as well.

import type { Passage, TracedRule } from '../../../kube/network/trace/passages.ts'
import { POLICY_TABLE } from '../why-stopped.ts'
import type { Told } from './told.ts'

export type PassageKind = 'service' | 'policy' | 'masquerade' | 'filter'

export function kindOf({ table, chain }: Passage): PassageKind {
  if (table === POLICY_TABLE) return 'policy'
  const name = chain.toLowerCase().replace('nat-', '')
  if (table !== 'nat' && !(table === 'kube-proxy' && chain.startsWith('nat-'))) return 'filter'
  return name === 'postrouting' ? 'masquerade' : 'service'
}

/** The rule that let the packet go no further, and how: in silence, or with an answer to the sender. */
export interface Stop {
  machine: string
  passage: Passage
  rule?: TracedRule
  how: 'dropped' | 'refused'
}

export function stopIn(machine: string, passage: Passage): Stop | undefined {
  const rule = passage.rules.at(-1)
  if (rule?.verdict === 'drop') {
    return { machine, passage, rule, how: /\breject\b/i.test(rule.text) ? 'refused' : 'dropped' }
  }
  return passage.policy === 'drop' ? { machine, passage, how: 'dropped' } : undefined
}

/** On the way of the request itself, or of the question after its name. */
export function stopsOf(told: Told, which: 'request' | 'question'): Stop[] {
  return told.machines.flatMap(({ name, report }) =>
    report.passages
      .filter((passage) => isQuestion(passage, told) === (which === 'question'))
      .flatMap((passage) => stopIn(name, passage) ?? []),
  )
}

/** For the name, on the way to the request. */
export const isQuestion = ({ packet }: Passage, { port, client }: Told): boolean =>
  packet.protocol === 'udp' && packet.toPort === 53 && packet.fromPort !== port && client.ips.includes(packet.from)

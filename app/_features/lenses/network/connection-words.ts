// A connection in words, hop by hop. Only what a kernel told, and what objects say about its addresses.

import type { SeenConnection } from '../../../../server/observe/index.ts'
import { addressOf, placeName } from './network-model.ts'

export interface Hop {
  title: string
  where: string
  says: string
}

export function hopsOf(connection: SeenConnection): Hop[] {
  const { from, asked, endpoint, masqueradedAs, machines, end } = connection
  const origin = machines[0] ?? ''
  const hops: Hop[] = [
    {
      title: `${placeName(from)} calls`,
      where: from.machine ?? 'from outside',
      says: `from \`${addressOf(from)}\` to \`${addressOf(asked)}\``,
    },
  ]
  const isRewritten = addressOf(asked) !== addressOf(endpoint)
  if (asked.service && isRewritten) {
    hops.push({
      title: `Service ${asked.service.name}`,
      where: `rule on ${origin}`,
      says: `rewrites the target to \`${addressOf(endpoint)}\``,
    })
  } else if (isRewritten) {
    hops.push({ title: 'A rule', where: origin, says: `rewrites the target to \`${addressOf(endpoint)}\`` })
  }
  if (masqueradedAs) {
    hops.push({
      title: 'Masquerade',
      where: origin,
      says: `rewrites the sender to \`${masqueradedAs}\`, so that the answer comes back this way`,
    })
  }
  if (machines.length > 1) {
    hops.push({ title: 'Wire', where: '', says: `${machines.join(' to ')}; the kernels of both saw it` })
  }
  if (end?.by) {
    const { machine, why } = end.by
    hops.push({ title: end.how === 'refused' ? 'Refused' : 'Dropped', where: `rule on ${machine}`, says: why })
    return hops
  }
  hops.push({
    title: `${placeName(endpoint)} ${end?.how === 'refused' ? 'refuses' : 'is reached'}`,
    where: endpoint.machine ?? 'outside the machines',
    says: `on \`${addressOf(endpoint)}\`, ${connection.protocol.toUpperCase()}`,
  })
  return hops
}

export function endWords({ end, endpoint }: SeenConnection): string {
  if (end?.by) {
    const how = end.how === 'refused' ? 'Refused, and the caller told so' : 'Dropped in silence'
    return `${how}: ${end.by.why}`
  }
  if (!end) return 'Begun. Its end is told when the kernel forgets it.'
  const bytes = end.bytesSent === undefined ? '' : `: ${end.bytesSent} bytes there, ${end.bytesBack ?? 0} back`
  if (end.how === 'refused') return `Refused by one packet: nobody listens on port ${endpoint.port}.`
  return end.how === 'closed' ? `Closed${bytes}.` : 'Nobody answered.'
}

/** One word for a row. */
export function endWord({ end }: SeenConnection): string {
  return end?.how ?? 'begun'
}

export const timeWords = (at: number): string => {
  const time = new Date(at)
  return `${time.toLocaleTimeString('en-GB')}.${String(time.getMilliseconds()).padStart(3, '0')}`
}

/** Where two words differ, for who compares them letter by letter: same beginning, what differs, same end. */
export function difference(one: string, other: string): { before: string; differs: string; after: string } {
  let start = 0
  while (start < Math.min(one.length, other.length) && one[start] === other[start]) start++
  let end = 0
  while (end < Math.min(one.length, other.length) - start && one.at(-1 - end) === other.at(-1 - end)) end++
  return {
    before: one.slice(0, start),
    differs: one.slice(start, one.length - end),
    after: one.slice(one.length - end),
  }
}

// Between whom a traced request was: who called, what was called, whom the rules made of it, and whether it got there.

import { Addresses } from '../addresses.ts'
import { stopsOf } from './passage-kinds.ts'
import type { Told } from './told.ts'
import type { TraceEnds } from './traced-request.ts'

export function endsOf(told: Told): TraceEnds {
  const { client, outcome, target, protocol, objects, port } = told
  const addresses = new Addresses(objects)
  const { pod, machine, ips } = client
  const ip = outcome.from ?? ips[0] ?? ''
  const who = { ...(pod ? { pod } : {}), ...(machine ? { machine } : {}) }
  const ends: TraceEnds = { client: { ...who, ip, port }, isReached: false }
  if (!outcome.address) return ends
  ends.asked = addresses.placeOf(outcome.address, target.port, { protocol, isAsked: true })
  const last = lastTarget(told)
  // Addresses of Services are nobody's: what is still for one has not been led on.
  if (!last || (ends.asked.service && !ends.asked.machine && last.ip === ends.asked.ip)) return ends
  ends.target = addresses.placeOf(last.ip, last.port, { protocol, isAsked: false })
  const { how } = outcome
  ends.isReached = how === 'connected' || (how === 'ECONNREFUSED' && stopsOf(told, 'request').length === 0)
  return ends
}

/** Whom the packet was for on the last machine that saw it, after every rule there. */
export function lastTarget({ machines }: Told): { ip: string; port: number } | undefined {
  const report = machines.at(-1)?.report
  const packet = report?.passages.at(-1)?.packet
  if (!report || !packet) return undefined
  const answered = report.connection?.answered
  return answered ? { ip: answered.from, port: answered.fromPort } : { ip: packet.to, port: packet.toPort }
}

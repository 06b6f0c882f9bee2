// Remembers for a while what other servers answered, also that there is no such name: every search list asks for those.
// Upstream: CoreDNS' plug-in cache, as kubeadm sets it (`cache 30`).

import * as packet from 'dns-packet'
import type { Clock } from '../../base/clock.ts'

const LEAST_SECONDS = 5
const MOST_SECONDS = 30
const CAPACITY = 9984
const NXDOMAIN = 3

interface Kept {
  answer: packet.DecodedPacket
  at: number
  until: number
}

export class ForwardCache {
  readonly #clock: Clock
  readonly #kept = new Map<string, Kept>()

  constructor(clock: Clock) {
    this.#clock = clock
  }

  /** With as much less time to live as has gone by. */
  get(query: packet.DecodedPacket, transport: string): Buffer | undefined {
    const key = keyOf(query, transport)
    const kept = this.#kept.get(key)
    if (!kept) return undefined
    const now = this.#clock.monotonic()
    if (now >= kept.until) return void this.#kept.delete(key)
    const gone = Math.floor((now - kept.at) / 1000)
    const aged = (records: packet.Answer[] = []) =>
      records.map((record) => ('ttl' in record ? { ...record, ttl: Math.max(0, (record.ttl ?? 0) - gone) } : record))
    const { flags = 0, answers, authorities, additionals } = kept.answer
    return packet.encode({
      type: 'response',
      ...(query.id !== undefined && { id: query.id }),
      // Whoever is not asked again is no authority.
      flags: flags & ~packet.AUTHORITATIVE_ANSWER,
      questions: query.questions ?? [],
      answers: aged(answers),
      authorities: aged(authorities),
      additionals: aged(additionals),
    })
  }

  put(query: packet.DecodedPacket, transport: string, bytes: Buffer): void {
    const answer = readable(bytes)
    if (!answer) return
    const seconds = secondsToKeep(answer)
    if (seconds === undefined) return
    const [oldest] = this.#kept.keys()
    if (this.#kept.size >= CAPACITY && oldest !== undefined) this.#kept.delete(oldest)
    const at = this.#clock.monotonic()
    this.#kept.set(keyOf(query, transport), { answer, at, until: at + seconds * 1000 })
  }
}

/** Undefined for what can only be handed on as it came. */
function readable(bytes: Buffer): packet.DecodedPacket | undefined {
  try {
    const answer = packet.decode(bytes)
    packet.encode(answer)
    return answer
  } catch {
    return undefined
  }
}

/** Undefined for what is no answer: cut, refused, failed, or a no without how long it holds. */
function secondsToKeep(answer: packet.DecodedPacket): number | undefined {
  const { flags = 0, answers = [], authorities = [] } = answer
  const rcode = flags & 0xf
  if (answer.flag_tc || (rcode !== 0 && rcode !== NXDOMAIN)) return undefined
  const soa = authorities.find((record) => record.type === 'SOA')
  const isThere = rcode === 0 && answers.length > 0
  if (!isThere && !soa) return undefined
  const times = isThere
    ? answers.map((record) => ('ttl' in record ? (record.ttl ?? 0) : 0))
    : [soa?.ttl ?? 0, soa?.data.minimum ?? 0]
  return Math.min(MOST_SECONDS, Math.max(LEAST_SECONDS, Math.min(...times)))
}

/** What makes an answer another one: the question, how much room there is for it, and whether proofs are asked for. */
function keyOf({ questions = [], additionals = [], flag_cd }: packet.DecodedPacket, transport: string): string {
  const [{ name = '', type = 'A', class: of = 'IN' } = {}] = questions
  const opt = additionals.find((extra): extra is packet.OptAnswer => extra.type === 'OPT')
  return [transport, name.toLowerCase(), type, of, opt?.udpPayloadSize, opt?.flag_do, flag_cd].join(' ')
}

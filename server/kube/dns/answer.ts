// From a question in DNS's wire form to an answer in it. CoreDNS's behaviour: CNAMEs inside the zone are followed, a
// name without records of the asked type is NOERROR with the SOA, a name that does not exist NXDOMAIN with it.

import * as packet from 'dns-packet'
import { addressRecord, type DnsRecord, type Zone } from './records.ts'

/** As kubeadm configures CoreDNS: of what is there, and of what is not. */
const TTL_SECONDS = 30
const PLAIN_UDP_BYTES = 512
/** Of one answer: a name of one letter, ten bytes about it, and what it says. */
const LEAST_ANSWER_BYTES = 14
/** The one version of EDNS that there is. */
const EDNS_VERSION = 0
/** The upper bits of BADVERS, which has more than fit into a header. */
const BADVERS_UPPER = 1
const RCODE = { NOERROR: 0, FORMERR: 1, NXDOMAIN: 3, NOTIMP: 4, REFUSED: 5 } as const

export interface AnswerContext {
  zone: Zone
  domain: string
  /** For the serial of the SOA. */
  nowSeconds: number
  random: () => number
  /** UDP answers that are too long for the asker are cut, and say so; he comes back over TCP. */
  transport: 'udp' | 'tcp'
  /** Whether somebody else is asked for what is none of the cluster's names. */
  forwards?: boolean
}

/** What somebody else is to be asked for first. */
export interface Elsewhere {
  query: Buffer
  /** Makes the answer out of theirs. */
  complete(theirs: Buffer): Buffer
}

/** Undefined when what came is not even a question. */
export function answerPacket(bytes: Buffer, context: AnswerContext): Buffer | Elsewhere | undefined {
  let query: packet.DecodedPacket
  // dns-packet throws on bytes that are no message.
  try {
    query = packet.decode(bytes)
  } catch {
    return undefined
  }
  if (query.type !== 'query') return undefined
  const opt = query.additionals?.find((extra): extra is packet.OptAnswer => extra.type === 'OPT')
  const isOtherEdns = opt !== undefined && opt.ednsVersion !== EDNS_VERSION
  const reply: packet.Packet = {
    type: 'response',
    id: query.id ?? 0,
    questions: query.questions ?? [],
    answers: [],
    authorities: [],
    additionals: opt
      ? [
          {
            type: 'OPT',
            name: '.',
            udpPayloadSize: 1232,
            flags: 0,
            options: [],
            extendedRcode: isOtherEdns ? BADVERS_UPPER : 0,
            ednsVersion: EDNS_VERSION,
            flag_do: false,
          },
        ]
      : [],
  }
  if (isOtherEdns) return packet.encode(reply)
  const room = context.transport === 'tcp' ? 65_535 : Math.max(PLAIN_UDP_BYTES, opt?.udpPayloadSize ?? 0)
  const rcode = fill(reply, query, context, room)
  const isTransfer = isTransferType(query.questions?.[0]?.type)
  if (rcode === RCODE.REFUSED && context.forwards && !isTransfer) return { query: bytes, complete: (theirs) => theirs }
  const recursion = query.flag_rd ? packet.RECURSION_DESIRED : 0
  const flags = recursion | (rcode === RCODE.REFUSED ? 0 : packet.AUTHORITATIVE_ANSWER) | rcode
  const beyond = context.forwards ? targetOutside(reply, context) : undefined
  if (!beyond) return encodeWithin(room, { ...reply, flags })
  const [{ type } = { type: 'A' as const }] = reply.questions ?? []
  return {
    query: packet.encode({ type: 'query', id: query.id ?? 0, flags: recursion, questions: [{ name: beyond, type }] }),
    complete(theirs) {
      const answers = [...(reply.answers ?? []), ...(packet.decode(theirs).answers ?? [])]
      return encodeWithin(room, { ...reply, flags, answers })
    },
  }
}

/** Where the last of the aliases leads, when that is no name of the cluster. */
function targetOutside({ answers = [], questions = [] }: packet.Packet, { zone }: AnswerContext): string | undefined {
  const last = answers.at(-1)
  if (last?.type !== 'CNAME' || questions[0]?.type === 'CNAME') return undefined
  return zone.lookUp(last.data.toLowerCase()).found === 'refused' ? last.data : undefined
}

/** What is too long loses first what nobody asked for, then answers from the end, and says so. */
function encodeWithin(room: number, reply: packet.Packet): Buffer {
  const whole = packet.encode(reply)
  if (whole.length <= room) return whole
  const opt = reply.additionals?.filter(({ type }) => type === 'OPT') ?? []
  const withoutMore = packet.encode({ ...reply, additionals: opt })
  if (withoutMore.length <= room) return withoutMore
  const flags = (reply.flags ?? 0) | packet.TRUNCATED_RESPONSE
  const answers = [...(reply.answers ?? [])]
  for (;;) {
    // Most are of one size, so that one step is nearly there.
    const cut = packet.encode({ ...reply, answers, authorities: [], additionals: opt, flags })
    if (cut.length <= room || answers.length === 0) return cut
    const kept = Math.floor((answers.length * room) / cut.length)
    answers.length = Math.min(kept, answers.length - 1)
  }
}

function fill(reply: packet.Packet, query: packet.DecodedPacket, context: AnswerContext, room: number): number {
  if (((query.flags ?? 0) >> 11) & 0xf) return RCODE.NOTIMP
  const [question] = query.questions ?? []
  if (!question || query.questions?.length !== 1) return RCODE.FORMERR
  // Nobody copies the zone.
  if (isTransferType(question.type)) return RCODE.REFUSED
  const name = question.name.toLowerCase().replace(/\.$/, '')
  const lookup = context.zone.lookUp(name)
  if (lookup.found === 'refused') return RCODE.REFUSED
  const authority = () => [soa(context)]
  if (lookup.found === 'nothing') {
    reply.authorities = authority()
    return RCODE.NXDOMAIN
  }
  if (name === context.domain && question.type === 'SOA') {
    reply.answers = authority()
    return RCODE.NOERROR
  }
  const all = chosen(lookup.records, question.type, context)
  if (all.length === 0) reply.authorities = authority()
  // One more than there is room for is enough to be cut, and costs less than all that a learner can have.
  const answers = shuffled(all, context.random).slice(0, Math.ceil(room / LEAST_ANSWER_BYTES))
  reply.answers = answers.map(toAnswer)
  const targets = answers.length < all.length ? [] : targetsOf(all)
  reply.additionals = [...(reply.additionals ?? []), ...targets.map(toAnswer)]
  return RCODE.NOERROR
}

const isTransferType = (type: string | undefined) => type === 'AXFR' || type === 'IXFR'

/** As CoreDNS: one that leads in a circle leads nowhere. */
const MAX_ALIASES = 8

function chosen(records: DnsRecord[], type: string, { zone }: AnswerContext): DnsRecord[] {
  const aliases: DnsRecord[] = []
  let here = records
  while (type !== 'CNAME' && aliases.length < MAX_ALIASES) {
    const alias = here.find((record) => record.type === 'CNAME')
    if (!alias) break
    aliases.push(alias)
    const target = zone.lookUp(String(alias.data).toLowerCase())
    here = target.found === 'records' ? target.records : []
  }
  // An alias that leads on was written down already.
  return [...aliases, ...here.filter((record) => (type === 'ANY' && !aliases.includes(record)) || record.type === type)]
}

/** Addresses of what SRV records point at, so that nobody has to ask twice. */
function targetsOf(answers: DnsRecord[]): DnsRecord[] {
  const targets = new Map(
    answers.flatMap((record) => (record.type === 'SRV' ? [[record.data.target, record.addresses] as const] : [])),
  )
  return [...targets].flatMap(([target, addresses]) => addresses.map((address) => addressRecord(target, address)))
}

/** Aliases stay in front of what they point at; addresses take turns. */
function shuffled(answers: DnsRecord[], random: () => number): DnsRecord[] {
  if (answers.some((record) => record.type === 'CNAME')) return answers
  const list = [...answers]
  for (let i = list.length - 1; i > 0; i--) {
    const other = Math.floor(random() * (i + 1))
    ;[list[i], list[other]] = [list[other]!, list[i]!]
  }
  return list
}

const toAnswer = (record: DnsRecord): packet.Answer => ({ ...record, ttl: TTL_SECONDS, class: 'IN' }) as packet.Answer

function soa({ domain, nowSeconds }: AnswerContext): packet.Answer {
  return {
    type: 'SOA',
    name: domain,
    ttl: TTL_SECONDS,
    data: {
      mname: `ns.dns.${domain}`,
      rname: `hostmaster.${domain}`,
      serial: nowSeconds,
      refresh: 7200,
      retry: 1800,
      expire: 86_400,
      minimum: TTL_SECONDS,
    },
  }
}

// The way of a traced request, hop by hop, in the order in which the kernels met it. Nothing is told that was not seen.

import { type Passage, rewrittenTo } from '../../../kube/network/trace/passages.ts'
import type { TraceReport } from '../../../kube/network/trace/request-tracer.ts'
import type { TracedPacket } from '../../../kube/network/trace/trace-line.ts'
import { Addresses } from '../addresses.ts'
import { withPort } from '../object-addresses.ts'
import { commentOf } from '../why-stopped.ts'
import { choicesOf } from './choices.ts'
import { endsOf } from './ends.ts'
import { isQuestion, kindOf, stopIn } from './passage-kinds.ts'
import type { Told } from './told.ts'
import type { TraceHop } from './traced-request.ts'

export function hopsOf(told: Told): TraceHop[] {
  const addresses = new Addresses(told.objects)
  const { outcome, client, machines } = told
  const hops = [...nameHop(told)]
  const begins = machines[0]?.report.passages.some((passage) => !isQuestion(passage, told))
  // A name that led nowhere: where the question was stopped is worth a look.
  if (!outcome.address || !begins) {
    const questions = machines[0]?.report.passages.filter((passage) => isQuestion(passage, told)) ?? []
    const asked = questions[0]?.packet.fromPort
    const first = questions.filter(({ packet }) => packet.fromPort === asked)
    if (outcome.address || outcome.names.every(({ answer }) => answer !== 'TIMEOUT')) return hops
    return [...hops, ...onMachine({ name: client.machine, passages: first, told, addresses })]
  }
  machines.forEach(({ name, report }, index) => {
    const passages = report.passages.filter((passage) => !isQuestion(passage, told))
    const first = passages[0]?.packet
    if (!first) return
    const before = machines[index - 1]?.name ?? (client.machine ? undefined : client.name)
    if (index === 0) hops.push(sends(told, first))
    if (before) hops.push(wire(before, name, first))
    hops.push(...onMachine({ name, passages, report, told, addresses }))
  })
  return [...hops, ...answerHop(told)]
}

const NAME = { kind: 'name', machine: '', title: 'Name' } as const

function nameHop({ outcome, target }: Told): TraceHop[] {
  const { names, hostsLine, nameServer, address } = outcome
  if (hostsLine) {
    const says = `${target.host} is \`${address}\``
    return [{ ...NAME, where: '/etc/hosts', says, state: 'ok', lines: [hostsLine] }]
  }
  if (names.length === 0) return []
  const ms = names.reduce((sum, step) => sum + step.ms, 0)
  const asked = names.length === 1 ? 'asked once' : `asked ${names.length} times`
  return [
    {
      ...NAME,
      where: `${nameServer ? `DNS at ${nameServer}` : 'its own resolver'}, ${ms.toFixed(1)} ms`,
      says: address ? `${target.host} is \`${address}\`, ${asked}` : `nobody knows ${target.host}, ${asked}`,
      state: address ? 'ok' : 'fail',
      lines: names.map(({ name, type, answer, addresses }) => `${name} ${type}: ${addresses.join(', ') || answer}`),
    },
  ]
}

const endOf = ({ from, fromPort }: TracedPacket) => withPort(from, fromPort)
const targetOf = ({ to, toPort }: Pick<TracedPacket, 'to' | 'toPort'>) => withPort(to, toPort)

function sends({ client, protocol }: Told, packet: TracedPacket): TraceHop {
  return {
    kind: 'sends',
    machine: client.machine,
    title: client.machine ? `${client.name} sends` : 'Your terminal sends',
    where: client.machine || 'outside the machines',
    says: `${protocol.toUpperCase()} from \`${endOf(packet)}\` to \`${targetOf(packet)}\``,
    state: 'ok',
    lines: [packet.line],
  }
}

function wire(before: string, machine: string, packet: TracedPacket): TraceHop {
  const wrapped = packet.iif.startsWith('vxlan') ? ', wrapped on the way' : ''
  return {
    kind: 'wire',
    machine,
    title: 'Wire',
    where: `${before} to ${machine}`,
    says: `it comes by \`${packet.iif}\` from \`${endOf(packet)}\`${wrapped}`,
    state: 'ok',
    lines: [packet.line],
  }
}

/** Its own word, where it was reached; whatever stood in the way is a hop already. */
function answerHop(told: Told): TraceHop[] {
  const { outcome } = told
  const { isReached, target } = endsOf(told)
  if (!isReached || !target) return []
  const name = target.pod?.name ?? target.machine ?? target.ip
  const base = { kind: 'answers' as const, machine: target.machine ?? '', where: target.machine ?? '', lines: [] }
  if (outcome.how !== 'connected') {
    return [{ ...base, title: `${name} refuses`, says: `nobody listens on port ${target.port}`, state: 'fail' }]
  }
  const says = outcome.answer ? `\`${outcome.answer}\`, ${outcome.bytes} bytes` : 'nothing, but it is there'
  return [{ ...base, title: `${name} answers`, says, state: 'ok' }]
}

interface OnMachine {
  name: string
  passages: readonly Passage[]
  report?: TraceReport
  told: Told
  addresses: Addresses
}

function onMachine(on: OnMachine): TraceHop[] {
  const { passages, report } = on
  const routed = passages.findIndex(({ packet }) => packet.oif !== '')
  const before = routed < 0 ? passages : passages.slice(0, routed)
  const after = routed < 0 ? [] : passages.slice(routed)
  const isStopped = before.some((passage) => stopIn(on.name, passage))
  return [
    ...before.flatMap((passage) => passageHop(on, passage)),
    ...(report?.route && !isStopped ? [routeHop(on, report.route, report.neighbour)] : []),
    ...after.flatMap((passage) => passageHop(on, passage)),
  ]
}

function routeHop({ name, addresses }: OnMachine, route: NonNullable<TraceReport['route']>, neighbour = ''): TraceHop {
  const { asked, says, isThere } = route
  const words = says.split(/\s+/)
  const after = (word: string) => (words.includes(word) ? (words[words.indexOf(word) + 1] ?? '') : '')
  const [via, dev] = [after('via'), after('dev')]
  const next = via && addresses.placeOf(via, 0, { protocol: 'tcp', isAsked: false }).machine
  const isLocal = says.startsWith('local ')
  const way = isLocal
    ? 'it is for the machine itself'
    : via
      ? `next stop \`${via}\`${next ? `, ${next}` : ''}, by \`${dev}\``
      : `\`${words[0]}\` is behind \`${dev}\``
  const isLost = /\b(FAILED|INCOMPLETE)\b/.test(neighbour)
  return {
    kind: 'route',
    machine: name,
    title: 'Route',
    where: name,
    says: isThere ? `${way}${isLost ? ', where nobody answers' : ''}` : 'there is none',
    state: isThere && !isLost ? 'ok' : 'fail',
    lines: [asked, says, ...(neighbour ? [neighbour] : [])],
  }
}

/** None where no rule was about the packet. */
function passageHop(on: OnMachine, passage: Passage): TraceHop[] {
  const { name } = on
  if (passage.rules.length === 0 && passage.policy !== 'drop') return []
  const lines = passage.rules.map(({ text }) => text)
  const stop = stopIn(name, passage)
  const kind = kindOf(passage)
  const base = { kind, machine: name, where: name, state: stop ? 'fail' : 'ok', lines } as const
  switch (kind) {
    case 'policy':
      return policyHop(passage, base)
    case 'service':
      return [serviceHop(on, passage, base)]
    case 'masquerade':
      return [{ ...base, ...masqueradeWords(on, passage) }]
    case 'filter': {
      const why = commentOf(stop?.rule?.text ?? '')
      const says = stop ? `${stop.how} here${why && `: ${why}`}` : 'nothing stops it'
      return [{ ...base, title: `Filter ${passage.chain.replace('filter-', '')}`, says }]
    }
  }
}

function policyHop(passage: Passage, base: Omit<TraceHop, 'title' | 'says'>): TraceHop[] {
  const rule = passage.rules.at(-1)
  const about = commentOf(rule?.text ?? '')
  const title = `Network policy, ${passage.chain}`
  if (rule?.verdict === 'drop') return [{ ...base, title, says: about || 'dropped' }]
  return [{ ...base, title, says: about ? `\`${about}\` lets it through` : 'lets it through' }]
}

function serviceHop(
  { passages, report, addresses, told }: OnMachine,
  passage: Passage,
  base: Omit<TraceHop, 'title' | 'says'>,
): TraceHop {
  const { packet } = passage
  const service = addresses.placeOf(packet.to, packet.toPort, { protocol: told.protocol, isAsked: true }).service
  const title = service ? `Service ${service.name}` : 'Service rules'
  const later = passages
    .slice(passages.indexOf(passage) + 1)
    .find(({ packet: one }) => targetOf(one) !== targetOf(packet))
  const answered = report?.connection?.answered
  const went = later ? targetOf(later.packet) : answered && withPort(answered.from, answered.fromPort)
  const rewritten = rewrittenTo([passage])
  const target = went ?? (rewritten?.ip ? withPort(rewritten.ip, rewritten.port) : undefined)
  if (rewritten && target === undefined)
    return { ...base, title, says: 'rewrites the target, and does not say to whom' }
  if (target === undefined || target === targetOf(packet)) {
    // For no Service, it is one more filter that lets it through.
    return { ...base, kind: service ? 'service' : 'filter', title, says: 'no rule here is about it' }
  }
  const choice = choicesOf(passage, report?.chains ?? {}, target)
  const pod =
    later && addresses.placeOf(later.packet.to, later.packet.toPort, { protocol: told.protocol, isAsked: false }).pod
  return {
    ...base,
    title,
    says: `rewrites the target to \`${target}\`${pod ? `, ${pod.name}` : ''}`,
    ...(choice.length > 0 ? { choice } : {}),
  }
}

function masqueradeWords({ report }: OnMachine, { packet, rules }: Passage): Pick<TraceHop, 'title' | 'says'> {
  const isRewritten = rules.some(({ text }) => /masquerade|snat/i.test(text) && !/^-A \S+ .*-j KUBE-/.test(text))
  const answered = report?.connection?.answered
  if (!isRewritten) return { title: 'Sender', says: `stays \`${endOf(packet)}\`` }
  const as = answered ? ` to \`${withPort(answered.to, answered.toPort)}\`` : ''
  return { title: 'Masquerade', says: `rewrites the sender${as}, so that the answer comes back this way` }
}

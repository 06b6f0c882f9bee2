// Why somebody who has an address did not answer. The first that holds is the reason: a rule that stopped the packet, a rule
// that is missing, nobody who listens, no way there, a machine that is cut off, and last where the packet was seen last.

import type { Service } from 'kubernetes-types/core/v1'
import { rewrittenTo } from '../../../kube/network/trace/passages.ts'
import { Addresses } from '../addresses.ts'
import { clusterIPsOf } from '../object-addresses.ts'
import { slicesOf, targetPortOf } from '../service-path.ts'
import { whyRuleStopped } from '../why-stopped.ts'
import { lastTarget } from './ends.ts'
import { isQuestion, kindOf, type Stop, stopsOf } from './passage-kinds.ts'
import type { Told } from './told.ts'

export function whyNotReached(told: Told): string {
  const [stop] = stopsOf(told, 'request')
  if (stop) return stopped(stop, told)
  const refused = told.outcome.how === 'ECONNREFUSED'
  return missing(told) ?? (refused ? notListening(told) : noWay(told)) ?? lastSeen(told)
}

function stopped({ machine, passage, rule, how }: Stop, told: Told): string {
  const { chain, text } = rule ?? { chain: passage.chain, text: '' }
  // In mode nftables what is addressed to no Service is stopped; in mode iptables it leaves the machine.
  const unknown = chain === 'cluster-ips-check' ? missing(told) : undefined
  const table = `${passage.family} ${passage.table}`
  return unknown ?? whyRuleStopped({ machine, how, table, chain, rule: text }, asked(told), told.objects)
}

/** Services are addresses that no machine owns: without a rule they lead nowhere. */
function missing(told: Told): string | undefined {
  const { objects, machines, outcome, target } = told
  const byAddress = objects.services.find((one) => clusterIPsOf(one).includes(outcome.address ?? ''))
  const service = asked(told)
  if (!service && byAddress) {
    const ports = (byAddress.spec?.ports ?? []).map(({ port }) => `\`${port}\``).join(', ')
    return `Service ${byAddress.metadata?.name} has no port ${target.port}; it has ${ports}.`
  }
  if (!service) return undefined
  const where = machines.findLast(({ report }) => report.passages.some(({ packet }) => packet.to === outcome.address))
  const report = where?.report
  // A node port is a rule of the machine whose address was called.
  const owner = new Addresses(objects).placeOf(outcome.address ?? '', 0, { protocol: 'tcp', isAsked: false }).machine
  if (owner && owner !== where?.name) return undefined
  const request = report?.passages.filter((passage) => !isQuestion(passage, told)) ?? []
  const answered = report?.connection?.answered
  if (!report || rewrittenTo(request) !== undefined || (answered && answered.from !== outcome.address)) return undefined
  const met = request.filter((passage) => kindOf(passage) === 'service').flatMap(({ rules }) => rules)
  const last = met.at(-1)?.verdict.replace(/^(jump|goto) /, '')
  const name = `${service.metadata?.namespace}/${service.metadata?.name}`
  const asks = last ? `was in chain \`${last}\`, and no rule there led on` : 'met no rule of kube-proxy at all'
  return `kube-proxy’s rule for ${name} is missing on ${where.name}: the packet ${asks}.`
}

function asked({ outcome, target, protocol, objects }: Told): Service | undefined {
  const addresses = new Addresses(objects)
  const named = addresses.placeOf(outcome.address ?? '', target.port, { protocol, isAsked: true }).service
  return objects.services.find(
    ({ metadata }) => metadata?.name === named?.name && metadata?.namespace === named?.namespace,
  )
}

/** The machine that saw it last, and whether it had somewhere to send it. */
function noWay(told: Told): string | undefined {
  const { objects, unheard } = told
  const last = told.machines.at(-1)
  const route = last?.report.route
  if (!last || !route) return undefined
  if (!route.isThere) return `${last.name} has no route to it: \`${route.says}\`.`
  const [, via] = / via (\S+)/.exec(route.says) ?? []
  const next = via && new Addresses(objects).placeOf(via, 0, { protocol: 'tcp', isAsked: false }).machine
  const isLost = /\b(FAILED|INCOMPLETE)\b/.test(last.report.neighbour ?? '')
  if (!via && isLost) return `Nobody on ${last.name} has the address: \`${last.report.neighbour}\`.`
  if (!next || next === last.name) return undefined
  const deaf = unheard.find(({ machine }) => machine === next)
  if (!deaf && !isLost) {
    return `${last.name} sent it to ${next} (\`${via}\`), and the kernel there did not see it come.`
  }
  const heard = isLost ? `nobody answers for \`${via}\`` : `${next} does not answer the control plane either`
  return `${next} is cut off: ${last.name} sends it there, and ${heard}.`
}

function notListening(told: Told): string | undefined {
  const { outcome, objects, protocol } = told
  const to = lastTarget(told)
  if (outcome.how !== 'ECONNREFUSED' || !to) return undefined
  const place = new Addresses(objects).placeOf(to.ip, to.port, { protocol, isAsked: false })
  const who = place.pod ? `Pod ${place.pod.name}` : (place.machine ?? `\`${to.ip}\``)
  const service = asked(told)
  const target = service && targetOf(service, told, to.port)
  return `It reached ${who}, and nobody listens there on port ${to.port}.${target ? ` ${target}` : ''}`
}

/** Where a Service leads to a port that its Pods do not name. */
function targetOf(service: Service, { objects, target }: Told, port: number): string {
  const wanted = service.spec?.ports?.find((one) => one.port === target.port || one.nodePort === target.port)
  const isOurs = slicesOf(service, objects.endpointSlices).some(({ ports }) => ports?.some((one) => one.port === port))
  if (!wanted || !isOurs) return ''
  const selected = objects.pods.filter(({ metadata }) =>
    Object.entries(service.spec?.selector ?? {}).every(([key, value]) => metadata?.labels?.[key] === value),
  )
  const declared = selected.flatMap(({ spec }) => spec?.containers ?? []).flatMap(({ ports = [] }) => ports)
  if (declared.some(({ containerPort }) => containerPort === targetPortOf(port, selected))) return ''
  const has = [...new Set(declared.map(({ containerPort }) => `\`${containerPort}\``))].join(', ')
  return `The Service’s targetPort is \`${wanted.targetPort ?? wanted.port}\`; its Pods say that they listen on ${has || 'no port'}.`
}

function lastSeen(told: Told): string {
  const last = told.machines.at(-1)
  const passage = last?.report.passages.at(-1)
  const { name, machine } = told.client
  if (!machine && !last) {
    return `No kernel of your machines saw it: addresses of Pods and Services lead to them from the inside only. From ${name} call a node port, \`node-1:30080\`, or the address of a load balancer.`
  }
  if (!last || !passage) return `No kernel saw it leave ${name}.`
  const { oif, iif } = passage.packet
  const where = oif ? `leaving ${last.name} by \`${oif}\`` : `on ${last.name}, come by \`${iif}\``
  return `It was last seen ${where}, through every rule. What is behind that did not answer.`
}

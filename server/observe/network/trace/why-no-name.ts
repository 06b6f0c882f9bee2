// Why a name led nowhere: nobody has it, somebody nearby has it, or the question itself did not get through.

import { pathOfService } from '../service-path.ts'
import { commentOf } from '../why-stopped.ts'
import { stopsOf } from './passage-kinds.ts'
import type { Told } from './told.ts'

/** There is no such name; whoever is asked for names of the world may also refuse. */
const NOBODY = ['NXDOMAIN', 'NODATA', 'REFUSED']
const SILENCE = ['TIMEOUT', 'ECONNREFUSED']

export function whyNoName(told: Told): string {
  const { names, nameServer } = told.outcome
  const last = names.at(-1)?.answer ?? ''
  if (SILENCE.includes(last)) return stopped(told) ?? `The name server, \`${nameServer}\`, did not answer.`
  return NOBODY.includes(last) ? unknown(told) : `The name server, \`${nameServer}\`, answered \`${last}\`.`
}

function stopped(told: Told): string | undefined {
  const [stop] = stopsOf(told, 'question')
  if (!stop) return undefined
  const by = commentOf(stop.rule?.text ?? '')
  if (!by) return `The question itself was ${stop.how} on ${stop.machine}, by a rule in chain ${stop.passage.chain}.`
  return `The question itself was stopped on ${stop.machine}: ${by}. Names are asked for by UDP on port 53.`
}

function unknown({ target, client, objects }: Told): string {
  const [name = '', namespace = client.namespace] = target.host.split('.')
  if (!client.machine) return `From ${client.name} nothing is added to a name: it is looked up as it stands.`
  const services = objects.services.filter(({ metadata }) => metadata?.name === name)
  const own = services.find(({ metadata }) => metadata?.namespace === namespace)
  if (own) {
    const { nobody } = pathOfService(own, objects)
    return `Service ${name} has no address of its own, and its name leads to nobody. ${nobody}`.trim()
  }
  const there = services.map(({ metadata }) => metadata?.namespace ?? '')
  if (there[0]) {
    return `There is no Service ${name} in ${namespace}; there is one in ${there.join(', ')}. Call it \`${name}.${there[0]}\`.`
  }
  if (objects.pods.some(({ metadata }) => metadata?.name === name)) {
    return `\`${name}\` is a Pod. Pods have addresses; names have Services. Call \`pod/${name}\`, or make a Service.`
  }
  return `There is no Service \`${name}\` in ${namespace}, and nobody outside the cluster is asked or has that name.`
}

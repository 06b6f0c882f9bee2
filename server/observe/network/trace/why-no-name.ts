// Why a name led nowhere: nobody has it, somebody nearby has it, or the question itself did not get through.

import { pathOfService } from '../service-path.ts'
import { commentOf, stopsOf } from './passage-kinds.ts'
import type { Told } from './told.ts'

export function whyNoName(told: Told): { why: string } {
  const { outcome, target, client, objects } = told
  const last = outcome.names.at(-1)?.answer
  if (last === 'TIMEOUT' || last === 'ECONNREFUSED') {
    const [stop] = stopsOf(told, 'question')
    const by = stop?.rule && commentOf(stop.rule.text)
    if (by)
      return {
        why: `The question itself was stopped on ${stop.machine}: ${by}. Names are asked for by UDP on port 53.`,
      }
    if (stop)
      return {
        why: `The question itself was ${stop.how} on ${stop.machine}, by \`${stop.rule?.text ?? 'the policy of the chain'}\`.`,
      }
    return { why: `The name server, \`${outcome.nameServer}\`, did not answer.` }
  }
  if (last && !['NXDOMAIN', 'NODATA', 'REFUSED'].includes(last)) {
    return { why: `The name server, \`${outcome.nameServer}\`, answered \`${last}\`.` }
  }
  const [name = '', namespace = client.namespace] = target.host.split('.')
  const own = objects.services.find(({ metadata }) => metadata?.name === name && metadata.namespace === namespace)
  if (own)
    return {
      why: `Service ${name} has no address of its own, and its name leads to nobody. ${pathOfService(own, objects).nobody}`.trim(),
    }
  const others = objects.services.filter(({ metadata }) => metadata?.name === name)
  const where = others.map(({ metadata }) => metadata?.namespace ?? '')
  if (where[0]) {
    return {
      why: `There is no Service ${name} in ${namespace}; there is one in ${where.join(', ')}. Call it \`${name}.${where[0]}\`.`,
    }
  }
  const pod = objects.pods.some(({ metadata }) => metadata?.name === name)
  if (pod)
    return {
      why: `\`${name}\` is a Pod. Pods have addresses; names have Services. Call \`pod/${name}\`, or make a Service.`,
    }
  return {
    why: `There is no Service \`${name}\` in ${namespace}, and nobody outside the cluster is asked or has that name.`,
  }
}

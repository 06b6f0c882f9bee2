// Among whom a rule of kube-proxy chose, and by what: in mode iptables rules that are tried one after the other, each with a
// chance; in mode nftables one lot for all. Who was here before may be led to where they were.

import type { Chains } from '../../../kube/network/trace/kernel-words.ts'
import { chainKey } from '../../../kube/network/trace/kernel-words.ts'
import type { Passage } from '../../../kube/network/trace/passages.ts'
import type { TraceChoice } from './traced-request.ts'

/** `target` is whom it was rewritten to. None where there was nothing to choose. */
export function choicesOf(passage: Passage, chains: Chains, target: string): TraceChoice[] {
  const choosing = passage.rules.findLast(({ text, verdict }) => LOT.test(text) || LEADS.test(verdict))
  if (!choosing) return []
  const rules = chains[chainKey(passage, choosing.chain)] ?? [choosing.text]
  const all = rules.flatMap((rule) => ways(rule).map((way) => ({ ...way, isMet: rule === choosing.text })))
  // The chain says the same address once for who is remembered and once for who is new.
  const taken = all.findIndex(({ isMet, to }) => isMet && to === target)
  if (all.length < 2) return []
  return all.map(({ odds, to, isLot }, index) => ({
    words: `${odds} → ${to}`,
    isTaken: index === taken,
    end: index === taken ? 'taken' : index < taken && !isLot ? 'passed over' : isLot ? 'not drawn' : 'not reached',
  }))
}

/** `jump KUBE-SEP-…`, `goto endpoint-…`. */
const LEADS = /^(jump|goto) (KUBE-SEP-|endpoint-)/
const LOT = /\bnumgen random mod \d+ v?map \{/

/** Before the endpoint, in the comment of a rule. */
const ARROW = ' -> '

/** To whom one rule of a chain may lead. */
function ways(rule: string): { odds: string; to: string; isLot: boolean }[] {
  if (LOT.test(rule)) {
    const parts = (/map \{([^{}]*)\}/.exec(rule)?.[1] ?? '').split(',')
    const odds = `1 in ${parts.length}`
    return parts.map((part) => ({ odds, to: endpointOf(part.replace(/^\s*\d+ : /, '')), isLot: true }))
  }
  const [, comment = ''] = /--comment "([^"]*)"/.exec(rule) ?? []
  const arrow = comment.lastIndexOf(ARROW)
  const noted = arrow < 0 ? '' : comment.slice(arrow + ARROW.length)
  if (noted) {
    const [, chance] = /--probability ([\d.]+)/.exec(rule) ?? []
    const odds = / -m recent /.test(rule) ? 'remembered' : chance ? `1 in ${Math.round(1 / Number(chance))}` : 'else'
    return [{ odds, to: noted, isLot: false }]
  }
  const [, chain] = /(?<!\S)@affinity-\S+ goto (endpoint-\S+)/.exec(rule) ?? []
  return chain ? [{ odds: 'remembered', to: endpointOf(`goto ${chain}`), isLot: false }] : []
}

/** Of `10.244.0.2 . 8080`, and of `goto endpoint-5OJB2KTY-default/web/tcp/__10.244.0.2/8080`. */
function endpointOf(part: string): string {
  const [, ip, port] = /__([^_/]+)\/(\d+)/.exec(part) ?? /(?<!\S)(\S+) \. (\d+)/.exec(part) ?? []
  return ip ? `${ip}:${port}` : part.trim()
}

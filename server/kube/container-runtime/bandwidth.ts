// How much a pod may hear and say in a second, by the annotations that Kubernetes has for it, in the words in which CNI
// wants it: bits. Upstream: containerd, internal/cri/bandwidth; CNI's conventions, bandwidth.

import { parseQuantity } from '../apimachinery/quantity.ts'

export interface Bandwidth {
  ingressRate?: number
  ingressBurst?: number
  egressRate?: number
  egressBurst?: number
}

const LEAST = 1_000
const MOST = 1e15
/** As much as there can be. */
const BURST = 2 ** 32 - 1

/** Undefined where there is no limit; throws when what is asked for is none. */
export function bandwidthOf(annotations: Readonly<Record<string, string>>): Bandwidth | undefined {
  const ingress = rateIn(annotations['kubernetes.io/ingress-bandwidth'])
  const egress = rateIn(annotations['kubernetes.io/egress-bandwidth'])
  if (ingress === undefined && egress === undefined) return undefined
  return {
    ...(ingress !== undefined && { ingressRate: ingress, ingressBurst: BURST }),
    ...(egress !== undefined && { egressRate: egress, egressBurst: BURST }),
  }
}

function rateIn(text: string | undefined): number | undefined {
  if (text === undefined) return undefined
  const rate = parseQuantity(text)?.value
  if (rate === undefined) {
    throw new Error("quantities must match the regular expression '^([+-]?[0-9.]+)([eEinumkKMGTP]*[-+]?[0-9]*)$'")
  }
  if (rate < LEAST) throw new Error('resource is unreasonably small (< 1kbit)')
  if (rate > MOST) throw new Error('resource is unreasonably large (> 1Pbit)')
  return rate
}

// What a person may ask of the loops that run in a control plane. Kubelets and proxies run on machines of their own and
// cannot be held from here.

import type { GateState, LoopGates } from '../client/loop-gate.ts'

export type LoopOrder = { loops: readonly string[] | 'all' } & (
  | { action: 'hold' | 'step' | 'release' }
  | { action: 'slow'; everyMs: number }
)

/** Does it, and says which loops are held or slowed then. */
export function steerLoops(gates: LoopGates, known: readonly string[], order: LoopOrder): GateState[] {
  const stranger = order.loops === 'all' ? undefined : order.loops.find((loop) => !known.includes(loop))
  if (stranger !== undefined) throw new Error(`"${stranger}" is not a loop of this control plane: ${known.join(', ')}`)
  for (const loop of order.loops === 'all' ? known : order.loops) {
    if (order.action === 'slow') gates.slow(loop, order.everyMs)
    else gates[order.action](loop)
  }
  return gates.states()
}

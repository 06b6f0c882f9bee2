// Which endpoints get the traffic of a Service's port on this node: ready ones, those meant for the node or its zone where
// that is asked for, and those on their way out when there are no others. Pure. Upstream: pkg/proxy/topology.go.

export interface Endpoint {
  ip: string
  port: number
  isLocal: boolean
}

export interface KnownEndpoint extends Endpoint {
  ready: boolean
  serving: boolean
  terminating: boolean
  zoneHints: readonly string[]
  nodeHints: readonly string[]
}

interface Wish {
  usesCluster: boolean
  usesLocal: boolean
  nodeName: string
  zone: string
}

export function chooseEndpoints(
  all: readonly KnownEndpoint[],
  { usesCluster, usesLocal, nodeName, zone }: Wish,
): { cluster: Endpoint[]; local: Endpoint[]; hasEndpoints: boolean } {
  const here = all.filter(({ isLocal }) => isLocal)
  const cluster = usesCluster ? orLeaving(nearby(all, nodeName, zone), all) : []
  const local = usesLocal ? orLeaving(here.filter(isReady), here) : []
  const hasEndpoints = all.some((one) => one.ready || isLeaving(one))
  return { cluster: cluster.map(bare), local: local.map(bare), hasEndpoints }
}

const isReady = ({ ready }: KnownEndpoint) => ready
const isLeaving = ({ serving, terminating }: KnownEndpoint) => serving && terminating
const orLeaving = (ready: readonly KnownEndpoint[], all: readonly KnownEndpoint[]) =>
  ready.length > 0 ? ready : all.filter(isLeaving)
const bare = ({ ip, port, isLocal }: KnownEndpoint): Endpoint => ({ ip, port, isLocal })

/** Hints count only where every ready endpoint has one, and one of them is for here. */
function nearby(all: readonly KnownEndpoint[], nodeName: string, zone: string): readonly KnownEndpoint[] {
  const ready = all.filter(isReady)
  for (const hinted of [
    (one: KnownEndpoint) => ({ hints: one.nodeHints, here: nodeName }),
    (one: KnownEndpoint) => ({ hints: one.zoneHints, here: zone }),
  ]) {
    const isHere = (one: KnownEndpoint) => hinted(one).hints.includes(hinted(one).here)
    if (ready.every((one) => hinted(one).hints.length > 0) && ready.some(isHere)) return ready.filter(isHere)
  }
  return ready
}

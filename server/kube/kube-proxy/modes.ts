// The modes by their names: how each is made, and which chains of iptables it has, so that it can tell what another one left.

import type { Clock } from '../../base/clock.ts'
import type { NodeOs } from '../node-os/node-os.ts'
import type { ProxyModeName } from './configuration.ts'
import { IptablesMode, isChainOfIptables } from './iptables/iptables-mode.ts'
import { removeOtherChains } from './iptables/restored-tables.ts'
import { IpvsMode, ipvsProblem, removeIpvs } from './ipvs/ipvs-mode.ts'
import { isChainOfIpvs } from './ipvs/rules.ts'
import { NftablesMode, removeNftables } from './nftables/nftables-mode.ts'
import type { NftGround } from './nftables/rules.ts'
import type { ProxyMode } from './proxy-mode.ts'
import { isChainOfUserspace } from './userspace/rules.ts'
import { UserspaceMode } from './userspace/userspace-mode.ts'

interface Means {
  os: NodeOs
  clock: Clock
  random: () => number
}

interface ModeKind {
  make(ground: NftGround, means: Means): ProxyMode
  hasChain(name: string): boolean
  /** Why this machine cannot have it. */
  problem?(os: NodeOs): Promise<string | undefined>
}

const MODES: Record<ProxyModeName, ModeKind> = {
  iptables: { make: (ground, { os }) => new IptablesMode(os, ground), hasChain: isChainOfIptables },
  nftables: { make: (ground, { os }) => new NftablesMode(os, ground), hasChain: () => false },
  ipvs: { make: (ground, { os }) => new IpvsMode(os, ground), hasChain: isChainOfIpvs, problem: ipvsProblem },
  userspace: { make: (ground, means) => new UserspaceMode(means.os, ground, means), hasChain: isChainOfUserspace },
}

/** What another mode left would lead calls twice: it is taken away first. Rejects where the machine cannot have this one. */
export async function startMode(name: ProxyModeName, ground: NftGround, means: Means): Promise<ProxyMode> {
  const { make, hasChain, problem } = MODES[name]
  const why = await problem?.(means.os)
  if (why) throw new Error(why)
  if (name !== 'nftables') await removeNftables(means.os, ground)
  await removeOtherChains(means.os, ground.family, hasChain)
  if (name !== 'ipvs') await removeIpvs(means.os, ground.family)
  return make(ground, means)
}

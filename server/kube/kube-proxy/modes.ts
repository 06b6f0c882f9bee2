// The modes by their names: how each is made, and which chains of iptables it has, so that it can tell what another one left.

import type { Clock } from '../../base/clock.ts'
import type { NodeOs } from '../node-os/node-os.ts'
import type { ProxyModeName } from './configuration.ts'
import { IptablesMode, isChainOfIptables } from './iptables/iptables-mode.ts'
import { removeOtherChains } from './iptables/restored-tables.ts'
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
}

const MODES: Record<ProxyModeName, ModeKind> = {
  iptables: { make: (ground, { os }) => new IptablesMode(os, ground), hasChain: isChainOfIptables },
  nftables: { make: (ground, { os }) => new NftablesMode(os, ground), hasChain: () => false },
  userspace: { make: (ground, means) => new UserspaceMode(means.os, ground, means), hasChain: isChainOfUserspace },
}

/** What another mode left would lead calls twice: it is taken away first. */
export async function startMode(name: ProxyModeName, ground: NftGround, means: Means): Promise<ProxyMode> {
  const { make, hasChain } = MODES[name]
  if (name !== 'nftables') await removeNftables(means.os, ground)
  await removeOtherChains(means.os, ground.family, hasChain)
  return make(ground, means)
}

// Where learner networks get their addresses, their number (slot) and their range of uids.
//
// A host's own networks cannot be known beforehand, so a pool is chosen at start: the first candidate that overlaps no
// route of the host. Slot n then owns the n-th /24 of the pool and the n-th 65536 uids, so neither can ever collide:
//
//   slot 3 of 10.160.0.0/12  →  10.160.3.0/24, gateway 10.160.3.1, machines .12 …, load balancers .128 …, bridges on other
//   hosts .192 …, terminals .224 …, uids 1879244800 …
import { machineAddressOf } from '../kube/cluster/networking.ts'
import { tryCommand } from './run-command.ts'

/** Kubernetes' defaults for pods (10.244/16) and services (10.96/12) are not among them. */
export const POOL_CANDIDATES = ['10.160.0.0/12', '10.208.0.0/12', '172.24.0.0/13', '10.48.0.0/12', '192.168.128.0/17']

/** The first uid above what systemd-nspawn takes for its containers; 4096 slots of 65536 end at 2^31. */
const FIRST_UID = 1_879_048_192
const UIDS_PER_SLOT = 65_536
const MAX_SLOTS = 4096
/** The last part of them: of bridges on other hosts, by which a network reaches there. */
export const ADDRESSES_ELSEWHERE: readonly number[] = Array.from({ length: 32 }, (_, index) => 192 + index)

export interface SlotAddresses {
  slot: number
  subnet: string
  gateway: string
  /** What Docker may hand out by itself (terminals); machines have fixed addresses below it. */
  dynamicRange: string
  /** For load balancers of the cluster. */
  loadBalancerRange: string
  uidBase: number
  machineAddress(ordinal: number): string
  /** By its last part. */
  address(last: number): string
}

export function addressesOfSlot(pool: string, slot: number): SlotAddresses {
  const { first, size } = parseCidr(pool)
  if (slot < 0 || slot >= slotsIn(pool) || size < 256) throw new Error(`no slot ${slot} in ${pool}`)
  const network = first + slot * 256
  return {
    slot,
    subnet: `${formatAddress(network)}/24`,
    gateway: formatAddress(network + 1),
    dynamicRange: `${formatAddress(network + 224)}/27`,
    loadBalancerRange: `${formatAddress(network + 128)}/26`,
    uidBase: FIRST_UID + slot * UIDS_PER_SLOT,
    machineAddress: (ordinal) => machineAddressOf(formatAddress(network + 1), ordinal),
    address: (last) => formatAddress(network + last),
  }
}

/** Of a network that is another host's: its addresses, with a number and uids of ours. */
export function addressesElsewhere(gateway: string, slot: number): SlotAddresses {
  const theirs = addressesOfSlot(`${gateway}/24`, 0)
  return { ...theirs, slot, uidBase: FIRST_UID + slot * UIDS_PER_SLOT }
}

export const bridgeOf = (slot: number): string => `pdm-${slot}`

export function slotOfBridge(link: string): number | undefined {
  const number = /^pdm-(\d+)$/.exec(link)?.[1]
  return number === undefined ? undefined : Number(number)
}

export function slotsIn(pool: string): number {
  return Math.min(MAX_SLOTS, Math.floor(parseCidr(pool).size / 256))
}

/** `taken` are CIDRs already in use on this host. */
export function choosePool(candidates: readonly string[], taken: readonly string[]): string {
  const free = candidates.find((pool) => !taken.some((other) => overlaps(pool, other)))
  if (!free) throw new Error(`no free address range for learner networks: all of ${candidates.join(', ')} are in use`)
  return free
}

export function overlaps(left: string, right: string): boolean {
  const a = parseCidr(left)
  const b = parseCidr(right)
  return a.first < b.first + b.size && b.first < a.first + a.size
}

/** Every IPv4 route of the host except those over bridges of ours, whether a network is behind them or not. */
export async function hostRoutes(): Promise<string[]> {
  const { stdout } = await tryCommand('ip', ['-j', '-4', 'route', 'show', 'table', 'all'])
  const routes = JSON.parse(stdout.trim() || '[]') as { dst?: string; dev?: string }[]
  return routes
    .filter((route) => route.dst && route.dst !== 'default' && slotOfBridge(route.dev ?? '') === undefined)
    .map((route) => route.dst as string)
    .filter((dst) => /^\d+\.\d+\.\d+\.\d+(\/\d+)?$/.test(dst))
}

function parseCidr(cidr: string): { first: number; size: number } {
  const match = /^(\d+)\.(\d+)\.(\d+)\.(\d+)(?:\/(\d+))?$/.exec(cidr)
  const bytes = match?.slice(1, 5).map(Number)
  const bits = Number(match?.[5] ?? 32)
  if (!bytes || bytes.some((byte) => byte > 255) || bits > 32) throw new Error(`not an IPv4 range: ${cidr}`)
  const size = 2 ** (32 - bits)
  const address = bytes.reduce((sum, byte) => sum * 256 + byte, 0)
  return { first: Math.floor(address / size) * size, size }
}

function formatAddress(value: number): string {
  return [24, 16, 8, 0].map((shift) => Math.floor(value / 2 ** shift) % 256).join('.')
}

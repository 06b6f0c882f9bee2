// A network that reaches to another host: a VXLAN for each such host, a port of the network's bridge as the link of any
// machine is. So the walls of the bridge hold for what comes out of it; and nobody but the other end is heard.
//
//   here  pdm-3 ── pdt-3-200 ═══ UDP 14901 ═══ pdt-1-200 ── pdm-1  there: the same /24, .200 in place of the gateway's address
//
// Links keep 1500 bytes, so that machines need not know: what is too long on its way goes in two pieces. Nothing is encrypted.
import { writeFile } from 'node:fs/promises'
import { chainNames } from './firewall.ts'
import { runCommand, tryCommand } from './run-command.ts'

export interface Tunnel {
  /** The other host. */
  peer: string
  /** UDP, the same at both ends. */
  port: number
  /** Of the bridge that is not at home: where its network is without a gateway. */
  address: string
}

export interface TunnelledNetwork {
  cluster: string
  bridge: string
  addresses: { slot: number }
}

/** Exactly these are there afterwards. */
export async function applyTunnels(network: TunnelledNetwork, tunnels: readonly Tunnel[]): Promise<void> {
  const { bridge, cluster } = network
  const { slot } = network.addresses
  const there = await linksOf(slot)
  const wanted = new Map(tunnels.map((tunnel) => [linkName(slot, tunnel), tunnel]))
  const isRight = (link: VxlanLink) => {
    const { peer, port } = wanted.get(link.ifname) ?? {}
    const { remote, port: seen } = link.linkinfo.info_data
    return remote === peer && seen === port && link.master === bridge
  }
  for (const link of there) if (!isRight(link)) await runCommand('ip', ['link', 'delete', link.ifname])
  await applyRules(slot, cluster, tunnels)
  const kept = new Set(there.filter(isRight).map(({ ifname }) => ifname))
  for (const [name, tunnel] of wanted) if (!kept.has(name)) await makeLink(name, bridge, tunnel)
}

/** Their rules go with those of the network (firewall.ts). */
export async function closeTunnels(slot: number): Promise<void> {
  for (const { ifname } of await linksOf(slot)) await runCommand('ip', ['link', 'delete', ifname])
}

/** Ports at which tunnels of anybody end here. */
export async function portsInUse(): Promise<Set<number>> {
  return new Set((await vxlanLinks()).map((link) => link.linkinfo.info_data.port))
}

/** The address from which this host speaks to another. */
export async function addressTowards(peer: string): Promise<string> {
  const { stdout } = await tryCommand('ip', ['-j', '-4', 'route', 'get', peer])
  const [route] = JSON.parse(stdout.trim() || '[]') as { prefsrc?: string }[]
  if (!route?.prefsrc) throw new Error(`no route leads from this host to ${peer}`)
  if (route.prefsrc === peer) throw new Error(`${peer} is this host itself`)
  return route.prefsrc
}

/** The network's number on the wire: of the addresses that a host has in it, no two are the same. */
export function numberOf(address: string): number {
  const [, b = 0, c = 0, d = 0] = address.split('.').map(Number)
  return b * 65_536 + c * 256 + d
}

/** For iptables-restore: jumps that were there go, and these come. A port's only other end is heard, nobody else. */
export function tunnelRules(
  slot: number,
  cluster: string,
  tunnels: readonly Tunnel[],
  jumps: readonly string[] = [],
): string {
  const { tunnels: chain } = chainNames(slot)
  return [
    '*filter',
    `:${chain} - [0:0]`,
    ...jumps.map((jump) => jump.replace(/^-A /, '-D ')),
    ...tunnels.map(({ peer, port }) => `-A ${chain} -s ${peer}/32 -p udp --dport ${port} -j ACCEPT`),
    tunnels.length > 0 ? `-A ${chain} -j DROP` : `-X ${chain}`,
    ...tunnels.map(
      ({ port }) => `-I INPUT 1 -p udp --dport ${port} -m comment --comment podium.cluster=${cluster} -j ${chain}`,
    ),
    'COMMIT',
    '',
  ].join('\n')
}

async function applyRules(slot: number, cluster: string, tunnels: readonly Tunnel[]): Promise<void> {
  const saved = (await runCommand('iptables-save', ['-t', 'filter'])).split('\n')
  const jumps = saved.filter((line) => line.startsWith('-A INPUT ') && line.endsWith(`-j ${chainNames(slot).tunnels}`))
  if (tunnels.length === 0 && jumps.length === 0) return
  await runCommand('iptables-restore', ['-w', '--noflush'], { input: tunnelRules(slot, cluster, tunnels, jumps) })
}

async function makeLink(name: string, bridge: string, { peer, port, address }: Tunnel): Promise<void> {
  const ends = ['id', String(numberOf(address)), 'remote', peer, 'dstport', String(port)]
  const { exitCode, stderr } = await tryCommand('ip', ['link', 'add', name, 'mtu', '1500', 'type', 'vxlan', ...ends])
  if (exitCode !== 0) throw new Error(`no tunnel to ${peer} can be made (has this kernel VXLAN?): ${stderr.trim()}`)
  // As the bridge itself: no rule of ours looks at what the host would say over IPv6.
  await writeFile(`/proc/sys/net/ipv6/conf/${name}/disable_ipv6`, '1').catch(() => {})
  await runCommand('ip', ['link', 'set', name, 'master', bridge, 'up'])
}

interface VxlanLink {
  ifname: string
  master?: string
  linkinfo: { info_data: { remote?: string; port: number } }
}

const prefixOf = (slot: number) => `pdt-${slot}-`
const linkName = (slot: number, { address }: Tunnel) => `${prefixOf(slot)}${address.split('.')[3]}`

async function vxlanLinks(): Promise<VxlanLink[]> {
  const said = await runCommand('ip', ['-j', '-d', 'link', 'show', 'type', 'vxlan'])
  return vxlanLinksIn(said)
}

/** Where the kernel does not know the type yet (a module that nobody has needed), ip shows each other link as `{}`. */
export const vxlanLinksIn = (said: string): VxlanLink[] =>
  (JSON.parse(said.trim() || '[]') as Partial<VxlanLink>[]).filter((link): link is VxlanLink => 'ifname' in link)

const linksOf = async (slot: number) => (await vxlanLinks()).filter(({ ifname }) => ifname.startsWith(prefixOf(slot)))

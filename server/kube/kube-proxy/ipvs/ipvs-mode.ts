// Mode ipvs: the kernel's own load balancer, with a few rules of iptables around it. Services' addresses are the machine's
// own, on a device that leads nowhere, since IPVS looks only at what has arrived. Upstream: pkg/proxy/ipvs/proxier.go.

import type { NodeOs } from '../../node-os/node-os.ts'
import { RestoredTables } from '../iptables/restored-tables.ts'
import type { Ground } from '../iptables/rules.ts'
import type { ProxyMode } from '../proxy-mode.ts'
import type { Family, ServicePort } from '../service-ports.ts'
import { type IpSets, ipSetLines, ipSetsOf, nameIn, SET_NAMES } from './ip-sets.ts'
import { IPVS_JUMPS, ipvsRules } from './rules.ts'
import {
  readConnections,
  readVirtualServers,
  restoreLines,
  type VirtualServers,
  virtualServersOf,
  withLeaving,
} from './virtual-servers.ts'

/** There when the kernel has IPVS. */
export const IPVS_IN_KERNEL = '/proc/net/ip_vs'
const DEVICE = 'kube-ipvs0'
/** Where nothing is led to any more, a connection ends with its next packet; packets go through conntrack, by which they are masqueraded. */
const SETTINGS = ['conntrack=1', 'conn_reuse_mode=0', 'expire_nodest_conn=1', 'expire_quiescent_template=1']

export class IpvsMode implements ProxyMode {
  readonly #os: NodeOs
  readonly #ground: Ground
  readonly #tables: RestoredTables
  #applied: { sets: IpSets; servers: VirtualServers; bound: readonly string[] } | undefined

  constructor(os: NodeOs, ground: Ground) {
    this.#os = os
    this.#ground = ground
    this.#tables = new RestoredTables(os, ground.family, IPVS_JUMPS)
  }

  async sync(ports: readonly ServicePort[]): Promise<void> {
    const { family, nodeIP } = this.#ground
    // Not those of load balancers: one machine has each as its own already, and the others lead there.
    const bound = [...new Set(ports.flatMap(({ clusterIP, externalIPs }) => [clusterIP, ...externalIPs]))]
      .filter((ip) => ip !== nodeIP)
      .sort()
    const sets = ipSetsOf(ports, { nodeIP, bound })
    const before = this.#applied ?? (await this.#firstLook())
    this.#applied = undefined
    const servers = await this.#withLeaving(virtualServersOf(ports, nodeIP), before.servers)
    await this.#restore('ipset', ['restore'], ipSetLines(sets, before.sets, family))
    await this.#tables.bring(ipvsRules(sets, this.#ground))
    await this.#restore('ipvsadm', ['--restore'], restoreLines(servers, before.servers))
    // An address that nobody answers for yet would refuse calls; one that nobody asks for any more may go last.
    await this.#restore('ip', ['-batch', '-'], bindLines(bound, before.bound))
    this.#applied = { sets, servers, bound }
  }

  /** Whether endpoints wait for their last connection. */
  get isUnfinished(): boolean {
    const all = [...(this.#applied?.servers.values() ?? [])]
    return all.some(({ endpoints }) => [...endpoints.values()].includes(0))
  }

  async #withLeaving(wanted: VirtualServers, applied: VirtualServers): Promise<VirtualServers> {
    const all = withLeaving(wanted, applied, () => true)
    if (![...all.values()].some(({ endpoints }) => [...endpoints.values()].includes(0))) return all
    const counts = readConnections((await this.#must('ipvsadm', ['--list', '-n'])).stdout)
    return withLeaving(wanted, applied, (server, endpoint) => (counts.get(`${server} ${endpoint}`) ?? 0) > 0)
  }

  async isIntact(): Promise<boolean> {
    const { exitCode } = await this.#os.run('ip', ['link', 'show', DEVICE])
    if (exitCode === 0 && (await this.#tables.isIntact())) return true
    this.#applied = undefined
    return false
  }

  async #firstLook() {
    const { family } = this.#ground
    await this.#os.run('sysctl', ['-qw', ...SETTINGS.map((setting) => `net.ipv4.vs.${setting}`)])
    await this.#os.run('ip', ['link', 'add', DEVICE, 'type', 'dummy'])
    const { stdout } = await this.#must('ipvsadm', ['--save', '-n'])
    const addresses = await this.#must('ip', ['-o', family === 'IPv6' ? '-6' : '-4', 'address', 'show', 'dev', DEVICE])
    const servers = [...readVirtualServers(stdout)].filter(([server]) => server.includes('[') === (family === 'IPv6'))
    const bound = [...addresses.stdout.matchAll(/inet6? (\S+)\/\d+/g)].map(([, ip = '']) => ip)
    return { sets: undefined, servers: new Map(servers), bound: bound.filter((ip) => !ip.startsWith('fe80:')) }
  }

  async #restore(command: string, args: string[], lines: readonly string[]): Promise<void> {
    if (lines.length > 0) await this.#must(command, args, `${lines.join('\n')}\n`)
  }

  async #must(command: string, args: string[], input?: string) {
    const result = await this.#os.run(command, args, input === undefined ? {} : { input })
    if (result.exitCode !== 0) throw new Error(`${command} ${args.join(' ')}: ${result.stderr.trim()}`)
    return result
  }
}

const bindLines = (wanted: readonly string[], before: readonly string[]) => [
  ...wanted.filter((ip) => !before.includes(ip)).map((ip) => `address add ${ip} dev ${DEVICE}`),
  ...before.filter((ip) => !wanted.includes(ip)).map((ip) => `address del ${ip} dev ${DEVICE}`),
]

/** What is wrong with a machine for this mode; undefined where nothing is. */
export async function ipvsProblem(os: NodeOs): Promise<string | undefined> {
  if ((await os.kindOf(IPVS_IN_KERNEL)) === undefined) return NO_IPVS
  const tried = await os.run('ipvsadm', ['--version']).catch((err: unknown) => err)
  return tried instanceof Error ? `ipvsadm cannot be run: ${tried.message}` : undefined
}

export const NO_IPVS = `mode ipvs needs IPVS in the kernel, and this one has none (there is no ${IPVS_IN_KERNEL}; \`modprobe ip_vs\` on the host loads it where it is a module)`

/** All that this mode ever made, beside its chains. */
export async function removeIpvs(os: NodeOs, family: Family): Promise<void> {
  const { stdout } = await os.run('ipset', ['list', '-n'])
  const there = new Set(stdout.split('\n'))
  const ours = SET_NAMES.map((set) => nameIn(family, set)).filter((name) => there.has(name))
  if (ours.length === 0) return
  await os.run('ip', ['link', 'delete', DEVICE])
  await os.run('ipvsadm', ['--clear'])
  for (const name of ours) await os.run('ipset', ['destroy', name])
}

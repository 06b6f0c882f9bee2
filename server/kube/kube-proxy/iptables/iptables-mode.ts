// Mode iptables: keeps the kernel's rules equal to what Services and endpoints ask for, one restore for each change.

import type { NodeOs } from '../../node-os/node-os.ts'
import type { ProxyMode } from '../proxy-mode.ts'
import type { ServicePort } from '../service-ports.ts'
import { missingJumps } from './jumps.ts'
import { type Applied, readSaved, removalText, restoreText } from './restore-text.ts'
import { type Ground, type PortRules, ruleSetOf, rulesOf } from './rules.ts'

/** Thousands of Services take many seconds the first time. */
const RESTORE_TIMEOUT_MS = 300_000

export class IptablesMode implements ProxyMode {
  readonly #os: NodeOs
  readonly #ground: Ground
  readonly #iptables: string
  #rules = new WeakMap<ServicePort, PortRules>()
  #applied: Applied | undefined

  constructor(os: NodeOs, ground: Ground) {
    this.#os = os
    this.#ground = ground
    this.#iptables = programFor(ground.family)
  }

  async sync(ports: readonly ServicePort[]): Promise<void> {
    const wanted = ruleSetOf(
      ports.map((port) => this.#rulesOf(port)),
      this.#ground,
    )
    const before = this.#applied ?? (await this.#firstLook())
    const text = restoreText(wanted, before)
    // Whatever becomes of it: until it is known to be there, it is not.
    this.#applied = undefined
    if (text !== '') {
      const { exitCode, stderr } = await this.#os.run(`${this.#iptables}-restore`, ['-w', '5', '--noflush'], {
        input: text,
        timeoutMs: RESTORE_TIMEOUT_MS,
      })
      if (exitCode !== 0) throw new Error(`${this.#iptables}-restore: ${stderr.trim()}`)
    }
    this.#applied = { rules: wanted, missing: [] }
  }

  async isIntact(): Promise<boolean> {
    if (missingJumps(await this.#save()).length === 0) return true
    this.#applied = undefined
    return false
  }

  #rulesOf(port: ServicePort): PortRules {
    const known = this.#rules.get(port) ?? rulesOf(port, this.#ground)
    this.#rules.set(port, known)
    return known
  }

  async #firstLook(): Promise<Applied> {
    // So that node ports answer on 127.0.0.1 as well (see KUBE-FIREWALL).
    if (this.#ground.family === 'IPv4') await this.#os.run('sysctl', ['-qw', 'net.ipv4.conf.all.route_localnet=1'])
    return readSaved(await this.#save())
  }

  #save(): Promise<string> {
    return save(this.#os, this.#iptables)
  }
}

/** All that this mode ever made. */
export async function removeIptables(os: NodeOs, { family }: Pick<Ground, 'family'>): Promise<void> {
  const iptables = programFor(family)
  const text = removalText(await save(os, iptables))
  if (text === '') return
  const { exitCode, stderr } = await os.run(`${iptables}-restore`, ['-w', '5', '--noflush'], { input: text })
  if (exitCode !== 0) throw new Error(`${iptables}-restore: ${stderr.trim()}`)
}

const programFor = (family: Ground['family']) => (family === 'IPv6' ? 'ip6tables' : 'iptables')

async function save(os: NodeOs, iptables: string): Promise<string> {
  const tables = ['filter', 'nat'].map(async (table) => {
    const { exitCode, stdout, stderr } = await os.run(`${iptables}-save`, ['-t', table])
    if (exitCode !== 0) throw new Error(`${iptables}-save: ${stderr.trim()}`)
    return stdout
  })
  return (await Promise.all(tables)).join('')
}

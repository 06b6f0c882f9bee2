// Calls the CNI plug-ins for a pod: environment, configuration on stdin, result on stdout; each plug-in of a list gets
// the result of the one before. Results are kept on disk, for DEL needs them and a restarted kubelet asks for them.
// Debian's plug-ins speak up to version 1.0.0; STATUS and GC of 1.1.0 are asked of whoever's configuration has that version.
// Upstream: containernetworking/cni, libcni/api.go; SPEC.md sections 2 and 3.

import type { Logger } from '../../base/logger.ts'
import type { NetworkedSandbox, PodNetwork } from '../container-runtime/pod-network.ts'
import type { NodeOs } from '../node-os/node-os.ts'
import { defaultNetworkList, isAtLeast, type NetworkList, type PluginConf, readNetworkList } from './conflist.ts'

export interface CniNetworkOptions {
  os: NodeOs
  logger: Logger
  confDir: string
  binDir: string
  cacheDir?: string
  /** Of pods' links; the network's own unless told. */
  mtu?: number | undefined
}

interface CniResult {
  ips?: { address: string }[]
  ip4?: { ip: string }
  [key: string]: unknown
}

interface Kept {
  sandbox: NetworkedSandbox
  list: NetworkList
  result: CniResult
  ips: string[]
}

interface Capable {
  capabilities?: Record<string, boolean>
}

const INTERFACE = 'eth0'

export class CniNetwork implements PodNetwork {
  readonly #options: CniNetworkOptions
  readonly #cacheDir: string
  readonly #known = new Map<string, string[]>()
  #podCidr: string | undefined

  constructor(options: CniNetworkOptions) {
    this.#options = options
    this.#cacheDir = options.cacheDir ?? '/var/lib/cni/results'
  }

  async status() {
    const { os, confDir } = this.#options
    const list = await readNetworkList(os, confDir).catch((err: unknown) => String(err))
    if (typeof list === 'string') return { ready: false, message: `docker: network plugin is not ready: ${list}` }
    if (!list) return { ready: false, message: 'docker: network plugin is not ready: cni config uninitialized' }
    for (const plugin of list.plugins) {
      const missing = await this.#missing(plugin)
      if (missing) return { ready: false, message: `docker: network plugin is not ready: ${missing}` }
    }
    return this.#askStatus(list)
  }

  /** In libcni's words. */
  async #missing({ type }: PluginConf): Promise<string | undefined> {
    const { os, binDir } = this.#options
    const kind = await os.kindOf(`${binDir}/${type}`)
    return kind === undefined ? `failed to find plugin "${type}" in path [${binDir}]` : undefined
  }

  async #askStatus(list: NetworkList) {
    if (!isAtLeast(list.cniVersion, '1.1.0')) return { ready: true, message: '' }
    try {
      for (const plugin of list.plugins) await this.#call('STATUS', list, plugin)
    } catch (err) {
      return { ready: false, message: `docker: network plugin is not ready: ${(err as Error).message}` }
    }
    return { ready: true, message: '' }
  }

  /** Writes a configuration only where there is none: what a learner put there stays. */
  async updatePodCidr(podCidr: string): Promise<void> {
    const { os, confDir, mtu, logger } = this.#options
    if (this.#podCidr === podCidr) return
    this.#podCidr = podCidr
    const own = `${confDir}/10-podium.conflist`
    const current = await os.readFile(own)
    const others = (await os.list(confDir)).filter(
      (name) => /\.(conflist|conf|json)$/.test(name) && name !== '10-podium.conflist',
    )
    const wanted = `${JSON.stringify(defaultNetworkList({ podCidr, mtu }), null, 2)}\n`
    if (others.length > 0 || current === wanted) return
    // Ours from another range is out of date; one that a learner edited keeps the range it names.
    if (podCidr.split(',').every((range) => current?.includes(`"${range}"`))) return
    await os.writeFile(own, wanted, { mode: 0o644 })
    logger.info('pod network configured', { podCidr, file: own })
  }

  /** Which versions of CNI the plug-ins of the machine speak, oldest first. */
  async versions(): Promise<string[]> {
    const { os, binDir } = this.#options
    const env = { CNI_COMMAND: 'VERSION', CNI_PATH: binDir }
    const { stdout } = await os.run(`${binDir}/bridge`, [], { input: '{"cniVersion":"1.0.0"}', env })
    return (JSON.parse(stdout) as { supportedVersions?: string[] }).supportedVersions ?? []
  }

  async setUp(sandbox: NetworkedSandbox): Promise<{ ips: string[] }> {
    const { os, confDir } = this.#options
    const list = await readNetworkList(os, confDir)
    if (!list) throw new Error('cni config uninitialized')
    // Noted before anything is taken, so that a kubelet that dies right here can give it back.
    await this.#keep({ sandbox, list, result: {}, ips: [] })
    await this.#loopback(sandbox)
    let result: CniResult | undefined
    try {
      for (const plugin of pluginsFor(list, sandbox)) {
        result = await this.#call('ADD', list, plugin, { sandbox, previous: result })
      }
    } catch (err) {
      // Half a network is none: give back what the first plug-ins took.
      await this.#delete(list, sandbox, result).catch(() => undefined)
      await os.remove(this.#fileOf(sandbox.id))
      throw err
    }
    const ips = addressesIn(result)
    await this.#keep({ sandbox, list, result: result ?? {}, ips })
    this.#known.set(sandbox.id, ips)
    return { ips }
  }

  async tearDown(sandbox: NetworkedSandbox): Promise<void> {
    const { os } = this.#options
    const kept = await this.#read(sandbox.id)
    this.#known.delete(sandbox.id)
    if (!kept) return
    // Without a result there is nothing to hand on: ADD never came to its end.
    const previous = kept.ips.length > 0 ? kept.result : undefined
    await this.#delete(kept.list, { ...kept.sandbox, netnsPath: sandbox.netnsPath }, previous)
    await os.remove(this.#fileOf(sandbox.id))
  }

  async addresses(sandboxId: string): Promise<string[]> {
    const known = this.#known.get(sandboxId)
    if (known) return known
    const ips = (await this.#read(sandboxId))?.ips ?? []
    if (ips.length > 0) this.#known.set(sandboxId, ips)
    return ips
  }

  /** After a restart: what is held for others than these is given back, and each is looked at. Rejects never. */
  async takeUp(sandboxIds: readonly string[]): Promise<void> {
    const { logger } = this.#options
    await this.#collectGarbage(sandboxIds).catch((err: unknown) => logger.warn('nothing was given back', { err }))
    for (const id of sandboxIds) {
      await this.#check(id).catch((err: unknown) => logger.warn('the network of a pod has changed', { id, err }))
    }
  }

  async #check(sandboxId: string): Promise<void> {
    const kept = await this.#read(sandboxId)
    if (!kept || kept.ips.length === 0 || kept.list.disableCheck) return
    if (!isAtLeast(kept.list.cniVersion, '0.4.0')) return
    for (const plugin of pluginsFor(kept.list, kept.sandbox)) {
      await this.#call('CHECK', kept.list, plugin, { sandbox: kept.sandbox, previous: kept.result })
    }
  }

  async #collectGarbage(sandboxIds: readonly string[]): Promise<void> {
    const { os, confDir } = this.#options
    const list = await readNetworkList(os, confDir)
    if (!list || list.disableGC || !isAtLeast(list.cniVersion, '1.1.0')) return
    const attachments = sandboxIds.map((containerID) => ({ containerID, ifname: INTERFACE }))
    // The names of the first drafts, which plug-ins may still look for.
    const valid = { 'cni.dev/valid-attachments': attachments, 'cni.dev/attachments': attachments }
    for (const plugin of list.plugins) await this.#call('GC', list, { ...plugin, ...valid })
  }

  async #delete(list: NetworkList, sandbox: NetworkedSandbox, result: CniResult | undefined): Promise<void> {
    // Older ones do not expect it.
    const previous = isAtLeast(list.cniVersion, '0.4.0') ? result : undefined
    for (const plugin of pluginsFor(list, sandbox).reverse())
      await this.#call('DEL', list, plugin, { sandbox, previous })
  }

  /** Every pod talks to itself, whatever else its network is. */
  async #loopback(sandbox: NetworkedSandbox): Promise<void> {
    // An OCI runtime brings up what it makes: then the kernel has an address of it, and no plug-in has to be started for that.
    const addresses = await this.#options.os.readFile(sandbox.netnsPath.replace(/\/ns\/net$/, '/net/fib_trie'))
    if (addresses?.includes('|-- 127.0.0.1')) return
    const list = { cniVersion: '0.4.0', name: 'cni-loopback', plugins: [] }
    await this.#call('ADD', list, { type: 'loopback' }, { sandbox, ifName: 'lo' })
  }

  async #call(
    command: 'ADD' | 'DEL' | 'CHECK' | 'STATUS' | 'GC',
    { cniVersion, name }: NetworkList,
    plugin: PluginConf,
    pod?: { sandbox: NetworkedSandbox; previous?: CniResult | undefined; ifName?: string },
  ): Promise<CniResult | undefined> {
    const { os, binDir } = this.#options
    const { capabilities, ...conf } = plugin as PluginConf & Capable
    const runtimeConfig = pod && runtimeConfigOf(pod.sandbox, capabilities)
    const input = JSON.stringify({
      ...conf,
      cniVersion,
      name,
      ...(runtimeConfig && { runtimeConfig }),
      ...(pod?.previous ? { prevResult: pod.previous } : {}),
    })
    const failed = (words: string) =>
      new Error(`plugin type="${plugin.type}" failed (${command.toLowerCase()}): ${words}`)
    const env = { CNI_COMMAND: command, CNI_PATH: binDir, ...(pod && podEnvironment(pod)) }
    const { exitCode, stdout, stderr } = await os
      .run(`${binDir}/${plugin.type}`, [], { input, env })
      .catch(async (err: Error) => {
        const missing = await this.#missing(plugin)
        throw missing ? new Error(missing) : failed(err.message)
      })
    if (exitCode !== 0) throw failed(errorIn(stdout, stderr))
    if (command !== 'ADD' || !stdout.trim()) return pod?.previous
    try {
      return JSON.parse(stdout) as CniResult
    } catch (err) {
      throw failed(`its result is not JSON: ${(err as Error).message}`)
    }
  }

  #keep(kept: Kept): Promise<void> {
    return this.#options.os.writeFile(this.#fileOf(kept.sandbox.id), JSON.stringify(kept), { mode: 0o600 })
  }

  async #read(sandboxId: string): Promise<Kept | undefined> {
    const text = await this.#options.os.readFile(this.#fileOf(sandboxId))
    if (!text) return undefined
    try {
      return JSON.parse(text) as Kept
    } catch {
      return undefined
    }
  }

  #fileOf(sandboxId: string): string {
    return `${this.#cacheDir}/${sandboxId}-${INTERFACE}.json`
  }
}

/**
 * Those two of the reference plug-ins do what is asked for a pod, and of all pods in their configuration; else they hand on what
 * they were handed, and are not started for that. (Debian's bandwidth, 1.1.1, falls over at such a CHECK.)
 */
const ON_REQUEST = new Set(['portmap', 'bandwidth'])

function pluginsFor({ plugins }: NetworkList, sandbox: NetworkedSandbox): PluginConf[] {
  return plugins.filter((plugin) => {
    const { type, capabilities, ingressRate, egressRate } = plugin as PluginConf & Capable
    return !ON_REQUEST.has(type) || ingressRate || egressRate || runtimeConfigOf(sandbox, capabilities)
  })
}

/** What a plug-in says that it is able to, and the pod asks for. */
function runtimeConfigOf({ portMappings, bandwidth }: NetworkedSandbox, capabilities: Record<string, boolean> = {}) {
  const asked = {
    ...(capabilities.portMappings &&
      portMappings.length > 0 && {
        portMappings: portMappings.map((one) => ({ ...one, protocol: one.protocol.toLowerCase() })),
      }),
    ...(capabilities.bandwidth && bandwidth && { bandwidth }),
  }
  return Object.keys(asked).length > 0 ? asked : undefined
}

const podEnvironment = ({ sandbox, ifName = INTERFACE }: { sandbox: NetworkedSandbox; ifName?: string }) => ({
  CNI_CONTAINERID: sandbox.id,
  CNI_NETNS: sandbox.netnsPath,
  CNI_IFNAME: ifName,
  CNI_ARGS: `IgnoreUnknown=1;K8S_POD_NAMESPACE=${sandbox.namespace};K8S_POD_NAME=${sandbox.name};K8S_POD_INFRA_CONTAINER_ID=${sandbox.id};K8S_POD_UID=${sandbox.uid}`,
})

/** Versions 0.3 and later say `ips`, older ones `ip4`. */
export function addressesIn(result: CniResult | undefined): string[] {
  const all = result?.ips?.map(({ address }) => address) ?? (result?.ip4 ? [result.ip4.ip] : [])
  return all.map((address) => address.split('/')[0] ?? '')
}

function errorIn(stdout: string, stderr: string): string {
  try {
    const { msg, details } = JSON.parse(stdout) as { msg?: string; details?: string }
    return [msg, details].filter(Boolean).join(': ') || stderr.trim()
  } catch {
    return (stdout || stderr).trim()
  }
}

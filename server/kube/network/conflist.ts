// The network configuration in /etc/cni/net.d: read what somebody put there, or write our own.
// A single-plug-in file (`.conf`) is treated as a list of one, as libcni does.

import type { NodeOs } from '../node-os/node-os.ts'

export interface PluginConf {
  type: string
  [key: string]: unknown
}

export interface NetworkList {
  cniVersion: string
  name: string
  disableCheck?: boolean
  disableGC?: boolean
  plugins: PluginConf[]
}

/**
 * The first file by name that is one wins, as everywhere; read anew each time, so that what somebody changes holds for the
 * next pod. Undefined when there is no file; throws when none of them is good for anything.
 */
export async function readNetworkList(os: NodeOs, directory: string): Promise<NetworkList | undefined> {
  const names = (await os.list(directory)).filter((name) => /\.(conflist|conf|json)$/.test(name)).sort()
  const problems: string[] = []
  for (const name of names) {
    const text = await os.readFile(`${directory}/${name}`)
    if (text === undefined) continue
    const list = parseList(text)
    if (typeof list !== 'string') return list
    problems.push(`${directory}/${name}: ${list}`)
  }
  if (problems.length > 0) throw new Error(`no valid networks found in ${directory}: ${problems.join('; ')}`)
  return undefined
}

function parseList(text: string): NetworkList | string {
  let conf: Partial<NetworkList & PluginConf>
  try {
    conf = JSON.parse(text)
  } catch (err) {
    return `error parsing configuration: ${(err as Error).message}`
  }
  const plugins = conf.plugins ?? (conf.type ? [conf as PluginConf] : [])
  if (plugins.length === 0) return 'no plugins in list'
  if (!conf.name) return 'missing field "name"'
  if (plugins.some(({ type }) => !type)) return "error parsing configuration: missing 'type'"
  const { cniVersion = '0.1.0', name, disableCheck, disableGC } = conf
  return { cniVersion, name, plugins, ...(disableCheck && { disableCheck }), ...(disableGC && { disableGC }) }
}

/** Which commands a configuration's version has: CHECK since 0.4.0, GC and STATUS since 1.1.0. */
export function isAtLeast(cniVersion: string, least: string): boolean {
  const [a = [], b = []] = [cniVersion, least].map((version) => version.split('.').map(Number))
  for (const at of [0, 1, 2]) if ((a[at] ?? 0) !== (b[at] ?? 0)) return (a[at] ?? 0) > (b[at] ?? 0)
  return true
}

export interface DefaultNetwork {
  /** One range, or one of each family with a comma between them. */
  podCidr: string
  /** Where packets are wrapped on their way, there is less room in each. */
  mtu?: number | undefined
}

/** `cni0` as a bridge, the node's range, the way out left to our own masquerade rules. */
export function defaultNetworkList({ podCidr, mtu }: DefaultNetwork): NetworkList {
  return {
    cniVersion: '0.4.0',
    name: 'podium',
    plugins: [
      {
        type: 'bridge',
        bridge: 'cni0',
        isGateway: true,
        isDefaultGateway: false,
        ipMasq: false,
        hairpinMode: true,
        ...(mtu && { mtu }),
        ipam: {
          type: 'host-local',
          ranges: podCidr.split(',').map((subnet) => [{ subnet }]),
          routes: podCidr.split(',').map((subnet) => ({ dst: subnet.includes(':') ? '::/0' : '0.0.0.0/0' })),
        },
      },
      { type: 'portmap', capabilities: { portMappings: true }, snat: true },
      { type: 'bandwidth', capabilities: { bandwidth: true } },
    ],
  }
}

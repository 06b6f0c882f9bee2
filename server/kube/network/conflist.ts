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
  plugins: PluginConf[]
}

/** The first file by name wins, as everywhere. Undefined when there is none. */
export async function readNetworkList(os: NodeOs, directory: string): Promise<NetworkList | undefined> {
  const names = (await os.list(directory)).filter((name) => /\.(conflist|conf|json)$/.test(name)).sort()
  for (const name of names) {
    const text = await os.readFile(`${directory}/${name}`)
    if (text === undefined) continue
    const conf = JSON.parse(text) as {
      cniVersion?: string
      name?: string
      plugins?: PluginConf[]
    } & Partial<PluginConf>
    const plugins = conf.plugins ?? (conf.type ? [conf as PluginConf] : [])
    if (plugins.length === 0) throw new Error(`${directory}/${name}: no plugins in list`)
    return { cniVersion: conf.cniVersion ?? '0.2.0', name: conf.name ?? '', plugins }
  }
  return undefined
}

/** `cni0` as a bridge, the node's range, the way out left to our own masquerade rules. */
export function defaultNetworkList(podCidr: string, clusterCidr: string): NetworkList {
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
        ipam: {
          type: 'host-local',
          ranges: [[{ subnet: podCidr }]],
          routes: [{ dst: '0.0.0.0/0' }, { dst: clusterCidr }],
        },
      },
      { type: 'portmap', capabilities: { portMappings: true }, snat: true },
    ],
  }
}

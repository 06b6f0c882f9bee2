// kube-proxy's configuration file, of which one thing matters here: the mode. Upstream: pkg/proxy/apis/config.

import { parse } from 'yaml'

export const PROXY_MODES = ['iptables', 'nftables', 'ipvs', 'userspace'] as const
export type ProxyModeName = (typeof PROXY_MODES)[number]

/** As it is in the file. */
export interface ProxyConfiguration {
  mode: ProxyModeName
  [field: string]: unknown
}

/** Undefined where nothing is wrong with it. */
export function proxyModeProblem(mode: string): string | undefined {
  if (isProxyMode(mode)) return undefined
  return `Unsupported value: "${mode}": supported values: ${PROXY_MODES.map((one) => `"${one}"`).join(', ')}`
}

/** Throws in upstream's words when it is none, or its mode is not known. */
export function readProxyConfiguration(text: string): ProxyConfiguration {
  const told = (parse(text) ?? {}) as { kind?: string; mode?: string }
  if (told.kind !== 'KubeProxyConfiguration') throw new Error('it is no KubeProxyConfiguration')
  const mode = told.mode || 'iptables'
  if (!isProxyMode(mode)) throw new Error(`KubeProxyConfiguration.Mode: ${proxyModeProblem(mode)}`)
  return { ...told, mode }
}

const isProxyMode = (mode: string): mode is ProxyModeName => (PROXY_MODES as readonly string[]).includes(mode)

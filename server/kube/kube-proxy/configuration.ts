// kube-proxy's configuration file, of which one thing matters here: the mode. Upstream: pkg/proxy/apis/config.

import { parse } from 'yaml'

export const PROXY_MODES = ['iptables', 'nftables'] as const
export type ProxyModeName = (typeof PROXY_MODES)[number]

/** Where people may ask for them still: why they cannot be had. */
const NOT_HERE: Record<string, string> = {
  userspace: 'Kubernetes 1.26 removed it',
  ipvs: 'it needs ipvsadm, which worker machines do not have, and IPVS in the kernel, which it rarely has',
}

/** Undefined where nothing is wrong with it. */
export function proxyModeProblem(mode: string): string | undefined {
  if (isProxyMode(mode)) return undefined
  const why = NOT_HERE[mode] ? ` (${NOT_HERE[mode]})` : ''
  return `Unsupported value: "${mode}": supported values: ${PROXY_MODES.map((one) => `"${one}"`).join(', ')}${why}`
}

/** Throws in upstream's words when it is none, or its mode is not known. */
export function readProxyMode(text: string): ProxyModeName {
  const { kind, mode = '' } = (parse(text) ?? {}) as { kind?: string; mode?: string }
  if (kind !== 'KubeProxyConfiguration') throw new Error('it is no KubeProxyConfiguration')
  if (mode === '') return 'iptables'
  const problem = proxyModeProblem(mode)
  if (problem || !isProxyMode(mode)) throw new Error(`KubeProxyConfiguration.Mode: ${problem}`)
  return mode
}

const isProxyMode = (mode: string): mode is ProxyModeName => (PROXY_MODES as readonly string[]).includes(mode)

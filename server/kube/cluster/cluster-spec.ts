// What a cluster is asked to be, and what it says of itself.

import { existsSync } from 'node:fs'
import { isIP } from 'node:net'
import { resolve } from 'node:path'
import { type ProxyModeName, proxyModeProblem } from '../kube-proxy/configuration.ts'
import { IPVS_IN_KERNEL, NO_IPVS } from '../kube-proxy/ipvs/ipvs-mode.ts'
import { POD_PATHS, type PodPathName } from '../network/pod-paths.ts'
import type { MachineNetwork } from './machine-provider.ts'
import type { IpFamilyChoice } from './networking.ts'

/** An etcd that somebody else runs, and the files with which it knows us. */
export interface EtcdServers {
  urls: string[]
  caFile?: string
  certFile?: string
  keyFile?: string
}

/** `containerd`: through its CRI. */
export type ContainerRuntimeName = 'docker' | 'containerd'

export interface ClusterSpec {
  name: string
  /** Worker machines: real ones, with an engine of their own. */
  nodes: number
  /** Hollow kubelets inside the cluster host: no containers run. */
  simulatedNodes: number
  /** Components' flags by upstream's names, as minikube tells them: `{ 'apiserver.token-auth-file': '/root/tokens.csv' }`. */
  extraConfig?: Readonly<Record<string, string>>
  /** The cluster's memory, in place of a store of its own. */
  etcd?: EtcdServers
  /** How kube-proxy leads calls of Services; iptables unless told. */
  proxyMode?: ProxyModeName
  /** How packets get from machine to machine; by routes unless told. */
  podNetwork?: PodPathName
  /** Who runs the pods of its machines; their Docker engine unless told. */
  containerRuntime?: ContainerRuntimeName
  /** IPv4 alone unless told. */
  ipFamily?: IpFamilyChoice
  /** Servers that the cluster's DNS asks for names of the world; none unless told. */
  dnsForward?: string[]
}

export interface ClusterInfo {
  name: string
  state: 'creating' | 'ready' | 'stopped' | 'failed'
  message: string
  /** URL of the API server on loopback. */
  server: string
  /** Kubeconfig text of somebody in system:masters, for Podium's own eyes: nobody can shut these by a role. */
  superKubeconfig: string
  /** Kubeconfig text of an administrator, for use on this host. */
  kubeconfig: string
  /**
   * For the learner's network, where the API server has the gateway's address: the same administrator, and contexts of a
   * developer and an auditor; empty without machines.
   */
  networkKubeconfig: string
  network: MachineNetwork | null
  machines: { name: string; address: string; id: string }[]
  /** Address of the etcd door, `https://127.0.0.1:PORT`. */
  etcd: string
  /** The process that runs the control plane. */
  pid: number
}

/** Upstream's flags for an API server's etcd, in camel case. */
export interface EtcdFlags {
  etcdServers?: string
  etcdCafile?: string
  etcdCertfile?: string
  etcdKeyfile?: string
}

export function etcdServersOf(flags: EtcdFlags): EtcdServers {
  const { etcdServers = '', etcdCafile, etcdCertfile, etcdKeyfile } = flags
  return {
    urls: etcdServers.split(','),
    ...(etcdCafile && { caFile: resolve(etcdCafile) }),
    ...(etcdCertfile && { certFile: resolve(etcdCertfile) }),
    ...(etcdKeyfile && { keyFile: resolve(etcdKeyfile) }),
  }
}

const NAME = /^[a-z0-9]([-a-z0-9]{0,30}[a-z0-9])?$/

/** Says what is wrong with a spec, or nothing. Machines have the kernel of this host. */
export function problemsOf(spec: ClusterSpec, isThere: (path: string) => boolean = existsSync): string[] {
  const problems: string[] = []
  if (!NAME.test(spec.name)) {
    problems.push(`the name "${spec.name}" must be at most 32 lower case letters, digits and dashes, as in "demo-1"`)
  }
  if (!Number.isInteger(spec.nodes) || spec.nodes < 0 || spec.nodes > 32) problems.push('--nodes must be 0 to 32')
  if (!Number.isInteger(spec.simulatedNodes) || spec.simulatedNodes < 0 || spec.simulatedNodes > 5000) {
    problems.push('--simulated-nodes must be 0 to 5000')
  }
  const problem = spec.proxyMode && proxyModeProblem(spec.proxyMode)
  if (problem) problems.push(`--proxy-mode: ${problem}`)
  if (spec.proxyMode === 'ipvs' && spec.nodes > 0 && !isThere(IPVS_IN_KERNEL)) problems.push(`--proxy-mode: ${NO_IPVS}`)
  if (spec.podNetwork && !POD_PATHS.includes(spec.podNetwork)) {
    problems.push(`--pod-network must be ${POD_PATHS.join(' or ')}, not "${spec.podNetwork}"`)
  }
  if (spec.containerRuntime && !['docker', 'containerd'].includes(spec.containerRuntime)) {
    problems.push(`--container-runtime must be docker or containerd, not "${spec.containerRuntime}"`)
  }
  const family: string | undefined = spec.ipFamily
  if (family && !['ipv4', 'ipv6', 'dual'].includes(family)) {
    problems.push(`--ip-family must be ipv4, ipv6 or dual, not "${family}"`)
  }
  const noServer = spec.dnsForward?.find((server) => isIP(server.replace(/:\d+$/, '')) === 0 && isIP(server) === 0)
  if (noServer) problems.push(`--dns-forward ${noServer}: an address is needed, as in 192.0.2.53 or 192.0.2.53:5353`)
  const foreign = Object.keys(spec.extraConfig ?? {}).find(
    (key) =>
      !key.startsWith(API_SERVER) && ![SCHEDULER_CONFIG, CONTROLLERS, DESCHEDULER_POLICY, STORE_QUOTA].includes(key),
  )
  if (foreign) {
    const known = `flags of ${API_SERVER}…, ${CONTROLLERS}, ${DESCHEDULER_POLICY}, ${SCHEDULER_CONFIG} and ${STORE_QUOTA}`
    problems.push(`--extra-config ${foreign}: only ${known} can be set`)
  }
  const quota = spec.extraConfig?.[STORE_QUOTA]
  if (quota !== undefined && !/^[1-9]\d*$/.test(quota)) {
    problems.push(`--extra-config ${STORE_QUOTA} must be a number of bytes, not "${quota}"`)
  }
  return problems
}

export const API_SERVER = 'apiserver.'
/** Which loops run, as `--controllers` of kube-controller-manager. */
export const CONTROLLERS = 'controller-manager.controllers'
/** A DeschedulerPolicy, for where the descheduler runs. */
export const DESCHEDULER_POLICY = 'controller-manager.descheduler-policy-file'
export const SCHEDULER_CONFIG = 'scheduler.config'
/** How many bytes the cluster's own store may take; then it takes no more, as etcd, until somebody makes room. */
export const STORE_QUOTA = 'etcd.quota-backend-bytes'

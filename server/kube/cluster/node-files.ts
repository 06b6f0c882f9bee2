// What a machine is given so that it becomes a node: certificates of its own, kubeconfigs, and the node agent's config.
// Paths are kubeadm's where kubeadm has one. Certificates are kept: whoever has the same files as before need not begin anew.

import { X509Certificate } from 'node:crypto'
import { writeYaml } from '../apimachinery/yaml.ts'
import { writeKubeconfig } from '../client/kubeconfig.ts'
import { ELSEWHERE } from '../controllers/directory-provisioner/directory-volume.ts'
import type { ProxyModeName } from '../kube-proxy/configuration.ts'
import { clientPairFile, inOneFile, kubeletKubeconfig } from '../kubelet/certificates/client-pair.ts'
import type { PodPathName } from '../network/pod-paths.ts'
import type { ContainerRuntimeName } from './cluster-spec.ts'
import { CRI_SOCKET, containerdFiles } from './containerd-files.ts'
import type { Machine, MachineFile, MachineNetwork } from './machine-provider.ts'
import { NETWORK_POLICY_USER } from './network-policy-role.ts'
import { type ClusterNetworking, type IpFamilyChoice, NETWORKING, secondAddressOf } from './networking.ts'
import type { Pki } from './pki.ts'

interface NodeOptions {
  machine: Pick<Machine, 'name' | 'address'>
  network: MachineNetwork
  networking: ClusterNetworking
  proxyMode: ProxyModeName
  podNetwork: PodPathName
  containerRuntime: ContainerRuntimeName
  ipFamily: IpFamilyChoice | undefined
  /** Whether its host is not the cluster's. */
  isElsewhere?: boolean
}

export async function nodeFiles(options: NodeOptions & { pki: Pki }): Promise<MachineFile[]> {
  const { machine, network, pki, networking, proxyMode } = options
  const server = `https://${network.gatewayAddress}:${networking.apiPort}`
  const [kubelet, proxy, policies, serving] = await Promise.all([
    pki.keep(`${machine.name}-kubelet-client`, {
      commonName: `system:node:${machine.name}`,
      organizations: ['system:nodes'],
      usages: ['client'],
    }),
    pki.keep(`${machine.name}-kube-proxy`, { commonName: 'system:kube-proxy', usages: ['client'] }),
    pki.keep(`${machine.name}-network-policy`, { commonName: NETWORK_POLICY_USER, usages: ['client'] }),
    pki.keep(`${machine.name}-kubelet`, {
      commonName: `system:node:${machine.name}`,
      organizations: ['system:nodes'],
      usages: ['server'],
      dnsNames: [machine.name],
      ipAddresses: [machine.address],
    }),
  ])
  const config = agentConfig(options)
  const conf = (user: string, pair: typeof kubelet) =>
    writeKubeconfig({ server, caPem: pki.caPem, ...pair }, { cluster: network.cluster, user })
  return [
    { path: '/etc/kubernetes/pki/ca.crt', mode: 0o644, content: pki.caPem },
    // The machine has the one that lasts longest, of this and what it has asked for since.
    {
      path: clientPairFile(new X509Certificate(kubelet.certPem).validFromDate),
      mode: 0o600,
      content: inOneFile(kubelet),
    },
    {
      path: config.kubeconfig,
      mode: 0o600,
      content: kubeletKubeconfig(
        { server, caPem: pki.caPem },
        { cluster: network.cluster, user: `system:node:${machine.name}` },
      ),
    },
    { path: '/etc/kubernetes/kube-proxy.conf', mode: 0o600, content: conf('system:kube-proxy', proxy) },
    { path: config.proxyConfig, mode: 0o644, content: proxyConfiguration(networking, proxyMode) },
    { path: config.networkKubeconfig, mode: 0o600, content: conf(NETWORK_POLICY_USER, policies) },
    { path: config.kubeletServing.cert, mode: 0o644, content: serving.certPem },
    { path: config.kubeletServing.key, mode: 0o600, content: serving.keyPem },
    ...containerdFiles(options.containerRuntime),
    // Last: the node agent waits for this file.
    agentFile(config),
  ]
}

/** As kubeadm keeps it, with what matters here: whoever changes the mode and starts the node agent anew has it. */
function proxyConfiguration({ clusterCidr }: ClusterNetworking, mode: ProxyModeName): string {
  return writeYaml({
    apiVersion: 'kubeproxy.config.k8s.io/v1alpha1',
    kind: 'KubeProxyConfiguration',
    clientConnection: { kubeconfig: '/etc/kubernetes/kube-proxy.conf' },
    clusterCIDR: clusterCidr,
    mode,
  })
}

/** The same for one that has nothing but a token, and gets the rest from the cluster. */
export function joiningNodeFiles(
  options: NodeOptions & { join: { endpoint: string; token: string; caCertHash: string } },
): MachineFile[] {
  const { networking, proxyMode, join } = options
  const config = agentConfig(options)
  return [
    { path: config.proxyConfig, mode: 0o644, content: proxyConfiguration(networking, proxyMode) },
    ...containerdFiles(options.containerRuntime),
    agentFile({ ...config, join }),
  ]
}

const agentConfig = (options: NodeOptions) => {
  const { machine, network, networking, podNetwork, containerRuntime, ipFamily = 'ipv4', isElsewhere } = options
  const isSixAlone = ipFamily === 'ipv6'
  const { gatewayAddress } = network
  return {
    nodeName: machine.name,
    nodeIP: machine.address,
    ...(isElsewhere && { labels: { [ELSEWHERE]: 'true' } }),
    kubeconfig: '/etc/kubernetes/kubelet.conf',
    proxyKubeconfig: '/etc/kubernetes/kube-proxy.conf',
    proxyConfig: '/var/lib/kube-proxy/config.conf',
    networkKubeconfig: '/etc/kubernetes/network-policy.conf',
    // kube-proxy writes the rules of IPv4 whether or not there is any Service of it, as upstream's does.
    clusterCIDR: NETWORKING.clusterCidr,
    podNetwork,
    serviceCIDR: NETWORKING.serviceCidr,
    ...(ipFamily !== 'ipv4' && { second: { nodeIP: secondAddressOf(machine.address), ...networking.second } }),
    clusterDNS: networking.clusterDns,
    dnsAddress: isSixAlone ? secondAddressOf(gatewayAddress) : gatewayAddress,
    ...(isSixAlone && {
      relay: {
        gateway: gatewayAddress,
        tcpPorts: [networking.apiPort, networking.dnsPort],
        udpPorts: [networking.dnsPort],
      },
    }),
    clusterDomain: networking.clusterDomain,
    kubeletServing: {
      cert: '/var/lib/kubelet/pki/kubelet.crt',
      key: '/var/lib/kubelet/pki/kubelet.key',
      clientCa: '/etc/kubernetes/pki/ca.crt',
    },
    dockerSocket: '/var/run/docker.sock',
    ...(containerRuntime === 'containerd' && { criSocket: CRI_SOCKET }),
    cniConfDir: '/etc/cni/net.d',
    cniBinDir: '/opt/cni/bin',
  }
}

const agentFile = (config: object): MachineFile => ({
  path: '/etc/podium/node.json',
  mode: 0o600,
  content: `${JSON.stringify(config, null, 2)}\n`,
})

// Addresses and ports of a cluster. Every learner may use the same pod and service ranges: nothing outside a
// learner's own network ever sees them (machines masquerade towards the gateway).

export interface ClusterNetworking {
  /** Of the API server on the gateway of the cluster's network. */
  apiPort: number
  clusterCidr: string
  serviceCidr: string
  /** First address of the service range: the Service `kubernetes`. */
  apiServiceAddress: string
  clusterDns: string
  clusterDomain: string
  dnsPort: number
  kubeletPort: number
  nodePortRange: [number, number]
}

export const NETWORKING: ClusterNetworking = {
  apiPort: 6443,
  clusterCidr: '10.244.0.0/16',
  serviceCidr: '10.96.0.0/12',
  apiServiceAddress: '10.96.0.1',
  clusterDns: '10.96.0.10',
  clusterDomain: 'cluster.local',
  dnsPort: 53,
  kubeletPort: 10250,
  nodePortRange: [30000, 32767],
}

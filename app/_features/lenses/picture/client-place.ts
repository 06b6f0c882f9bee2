// Who a client is, told from the first words of its user agent, and how we call it. Everything that cannot be named
// as a part of the control plane or of a machine is a program that a person started: that is you.

import type { Who } from '../../../_ui/glyph.tsx'

export type Role = 'loop' | 'scheduler' | 'kubelet' | 'proxy' | 'you' | 'other'

export interface Place {
  role: Role
  who: Who
  /** As a card is titled. */
  label: string
  /** The machine that a node component runs on. */
  node?: string
  /** A loop of somebody's program, outside of the control plane. */
  isElsewhere?: boolean
}

const others = /^(kube-|podium|coredns|etcd$|cloud-controller|network-policy$)/

export function placeOf(client: string, loops?: ReadonlySet<string>): Place {
  const slash = client.indexOf('/')
  const program = slash < 0 ? client : client.slice(0, slash)
  const rest = slash < 0 ? '' : client.slice(slash + 1)
  if (program === 'kubelet') return { role: 'kubelet', who: 'node', label: 'kubelet', node: rest }
  if (program === 'kube-proxy') return { role: 'proxy', who: 'net', label: 'proxy', node: rest }
  if (program === 'kube-scheduler') return { role: 'scheduler', who: 'sched', label: 'Scheduler' }
  if ((program === 'kube-controller-manager' && rest) || loops?.has(client)) {
    return { role: 'loop', who: 'ctl', label: titleOf(rest || program), isElsewhere: !others.test(program) }
  }
  if (others.test(program)) {
    return { role: 'other', who: program === 'kube-apiserver' ? 'api' : 'ctl', label: client }
  }
  return { role: 'you', who: 'you', label: program || 'unknown' }
}

const words: Record<string, string> = {
  replicaset: 'ReplicaSet',
  resourceclaim: 'ResourceClaim',
  daemonset: 'DaemonSet',
  statefulset: 'StatefulSet',
  cronjob: 'CronJob',
  endpointslice: 'EndpointSlice',
  serviceaccount: 'ServiceAccount',
  replicationcontroller: 'ReplicationController',
  resourcequota: 'ResourceQuota',
  clusterrole: 'ClusterRole',
  persistentvolume: 'PersistentVolume',
  ttl: 'TTL',
  api: 'API',
  apiservice: 'APIService',
  ca: 'CA',
  crd: 'CRD',
  csr: 'CSR',
  pv: 'PV',
  pvc: 'PVC',
  ip: 'IP',
  ipam: 'IPAM',
  lb: 'LB',
}

function titleOf(name: string): string {
  const bare = name.replace(/-controller$/, '')
  const title = bare
    .split('-')
    .map((word) => words[word] ?? word)
    .join(' ')
  return title.charAt(0).toUpperCase() + title.slice(1)
}

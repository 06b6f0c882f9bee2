// Settings beside the kubelet's file: where its flags name a folder, each `*.conf` in it lays what it says over what was said
// before, in the order of the names; those of a folder in it come where the folder's name does.
//
//   /var/lib/kubelet/kubeadm-flags.env   KUBELET_KUBEADM_ARGS="--config-dir=/etc/kubernetes/kubelet.conf.d"
//   10-limits.conf   maxPods: 20         20-more.conf   maxPods: 30        maxPods is 30
//
// Upstream: cmd/kubelet/app/server.go, mergeKubeletConfigurations.

import type { NodeOs } from '../node-os/node-os.ts'
import { KUBELET_FLAGS, kubeletFlag } from './kubelet-flags.ts'

export interface DropIn {
  path: string
  text: string
}

export async function readDropIns(os: Pick<NodeOs, 'readFile' | 'list' | 'kindOf'>): Promise<DropIn[]> {
  const folder = kubeletFlag((await os.readFile(KUBELET_FLAGS)) ?? '', 'config-dir')
  if (!folder) return []
  return walk(folder, os)
}

async function walk(folder: string, os: Pick<NodeOs, 'readFile' | 'list' | 'kindOf'>): Promise<DropIn[]> {
  const found = (await os.list(folder)).sort().map(async (name): Promise<DropIn[]> => {
    const path = `${folder}/${name}`
    if ((await os.kindOf(path)) === 'directory') return walk(path, os)
    return name.endsWith('.conf') ? [{ path, text: (await os.readFile(path)) ?? '' }] : []
  })
  return (await Promise.all(found)).flat()
}

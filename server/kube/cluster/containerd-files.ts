// What makes a machine's supervisor run containerd beside the Docker engine, and how containerd runs pods there.

import type { ContainerRuntimeName } from './cluster-spec.ts'
import type { MachineFile } from './machine-provider.ts'

/** Its own default, where crictl looks first. */
export const CRI_SOCKET = '/run/containerd/containerd.sock'

const CRI = 'plugins."io.containerd.grpc.v1.cri"'
const CONFIGURATION = `version = 2
# Snapshotters that a machine's disk cannot have.
disabled_plugins = [${['aufs', 'btrfs', 'devmapper', 'zfs'].map((name) => `"io.containerd.snapshotter.v1.${name}"`).join(', ')}]

[${CRI}]
sandbox_image = "registry.k8s.io/pause:3.10"
# A machine is a user namespace.
disable_apparmor = true
restrict_oom_score_adj = true
disable_hugetlb_controller = true

[${CRI}.cni]
bin_dir = "/opt/cni/bin"
conf_dir = "/etc/cni/net.d"

# By these names RuntimeClasses choose.
[${CRI}.containerd.runtimes.runc]
runtime_type = "io.containerd.runc.v2"

[${CRI}.containerd.runtimes.crun]
runtime_type = "io.containerd.runc.v2"
[${CRI}.containerd.runtimes.crun.options]
BinaryName = "/usr/bin/crun"
`

export function containerdFiles(name: ContainerRuntimeName): MachineFile[] {
  return name === 'containerd' ? [{ path: '/etc/podium/containerd.toml', mode: 0o644, content: CONFIGURATION }] : []
}

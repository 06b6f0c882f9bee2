// What the learner's terminal gets of the cluster's certificates: etcd's, so that etcdctl gets in, and the cluster's own
// authority with its key, for whoever signs certificates by hand. It is their cluster; they could not do more with it.

import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { type ClusterInfo, clusterDirectory } from '../../kube/cluster/index.ts'
import type { Terminal } from '../../machines/index.ts'

type Environment = Record<string, string>

const HOME = '/home/learner'
/** The image has /etc/kubernetes/ssl lead here: where many notes look for the authority, and where openssl counts beside it. */
const AUTHORITY = `${HOME}/.kubernetes/ssl`
const ETCD = `${HOME}/.etcd`

/** Answers what etcdctl has to be told; nothing where there is no etcd. */
export async function putClusterCertificates(
  terminal: Pick<Terminal, 'exec'>,
  { info, stateDir }: { info: ClusterInfo; stateDir: string },
): Promise<Environment> {
  if (!info.network) return {}
  const pki = join(clusterDirectory(stateDir, info.name), 'pki')
  await put(terminal, AUTHORITY, { 'ca.pem': join(pki, 'ca.crt'), 'ca-key.pem': join(pki, 'ca.key') })
  const names = ['ca.crt', 'client.crt', 'client.key']
  // Clusters may come without the door.
  const hasEtcd = await put(terminal, ETCD, Object.fromEntries(names.map((name) => [name, join(pki, 'etcd', name)])))
  if (!hasEtcd) return {}
  return {
    ETCDCTL_API: '3',
    ETCDCTL_ENDPOINTS: `https://${info.network.gatewayAddress}:${new URL(info.etcd).port}`,
    ETCDCTL_CACERT: `${ETCD}/ca.crt`,
    ETCDCTL_CERT: `${ETCD}/client.crt`,
    ETCDCTL_KEY: `${ETCD}/client.key`,
  }
}

/** False when one of them is not there. */
async function put(
  terminal: Pick<Terminal, 'exec'>,
  directory: string,
  files: Readonly<Record<string, string>>,
): Promise<boolean> {
  const texts = await Promise.all(Object.values(files).map((path) => readFile(path, 'base64').catch(() => undefined)))
  if (texts.includes(undefined)) return false
  const lines = Object.keys(files).map((name, nth) => `${name} ${texts[nth]}\n`)
  const write = 'while read -r name text; do echo "$text" | base64 -d > "$name"; done'
  const script = `umask 077 && mkdir -p ${directory} && cd ${directory} && ${write}`
  const { exitCode } = await terminal.exec(['sh', '-c', script], lines.join(''))
  return exitCode === 0
}

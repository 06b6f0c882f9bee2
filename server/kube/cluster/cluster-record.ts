// What a cluster leaves on disk beside its store and certificates, so that it can be brought back as it was:
//
//   clusters/<name>/cluster.json   this record          pki/    certificates, kubeadm's names
//                   store/         the log              audit/  audit.log
//                   admin.conf     kubeconfig of an administrator, by RBAC
//                   super-admin.conf  of one whom RBAC is not asked about
//                   run.json       what it said of itself last, and the process that runs it

import { mkdir, readdir, readFile, rename, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { ClusterInfo, ClusterSpec } from './cluster-spec.ts'

export interface ClusterRecord {
  spec: ClusterSpec
  /** On loopback; kept, so that kubeconfigs that were handed out stay true. */
  apiPort: number
  etcdPort: number
  createdAt: number
}

export const clusterDirectory = (stateDir: string, name: string) => join(stateDir, 'clusters', name)

export const readClusterRecord = (directory: string) => readJson<ClusterRecord>(join(directory, 'cluster.json'))
export const writeClusterRecord = (directory: string, record: ClusterRecord) =>
  writeJson(directory, 'cluster.json', record)

export const readRunRecord = (directory: string) => readJson<ClusterInfo>(join(directory, 'run.json'))
export const writeRunRecord = (directory: string, info: ClusterInfo) => writeJson(directory, 'run.json', info)

/** Names of all clusters that are on disk, whoever made them. */
export async function clusterNames(stateDir: string): Promise<string[]> {
  const entries = await readdir(join(stateDir, 'clusters'), { withFileTypes: true }).catch(() => [])
  return entries
    .filter((entry) => entry.isDirectory())
    .map((entry) => entry.name)
    .sort()
}

async function readJson<T>(path: string): Promise<T | undefined> {
  try {
    return JSON.parse(await readFile(path, 'utf8')) as T
  } catch (err) {
    if ((err as NodeJS.ErrnoException).code === 'ENOENT') return undefined
    throw new Error(`${path} cannot be read: ${(err as Error).message}`, { cause: err })
  }
}

async function writeJson(directory: string, name: string, value: unknown): Promise<void> {
  await mkdir(directory, { recursive: true, mode: 0o700 })
  const path = join(directory, name)
  await writeFile(`${path}.new`, `${JSON.stringify(value, null, 2)}\n`, { mode: 0o600 })
  await rename(`${path}.new`, path)
}

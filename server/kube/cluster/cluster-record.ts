// What a cluster leaves on disk beside its store and certificates, so that it can be brought back as it was:
//
//   clusters/<name>/cluster.json   this record          pki/    certificates, kubeadm's names
//                   store/         the log              audit/  audit.log
//                   admin.conf     kubeconfig of an administrator, by RBAC
//                   super-admin.conf  of one whom RBAC is not asked about
//                   run.json       what it said of itself last, and the process that runs it

import { mkdir, readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { writeAtOnce, writeDurably } from '../../base/durable-files.ts'
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
export async function writeClusterRecord(directory: string, record: ClusterRecord): Promise<void> {
  await mkdir(directory, { recursive: true, mode: 0o700 })
  await writeDurably(directory, [{ name: 'cluster.json', content: json(record), mode: 0o600 }])
}

/** A note that a power cut may spoil: then there is none. */
export const readRunRecord = (directory: string) =>
  readJson<ClusterInfo>(join(directory, 'run.json')).catch(() => undefined)
export async function writeRunRecord(directory: string, info: ClusterInfo): Promise<void> {
  await mkdir(directory, { recursive: true, mode: 0o700 })
  await writeAtOnce(directory, { name: 'run.json', content: json(info), mode: 0o600 })
}

/** Where its record is spoilt, what it said of itself last has to do. */
export async function mayHaveMachines(directory: string): Promise<boolean> {
  try {
    const record = await readClusterRecord(directory)
    return record !== undefined && record.spec.nodes > 0
  } catch {
    const run = await readRunRecord(directory)
    return run?.state === 'creating' || run?.network !== null
  }
}

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

const json = (value: unknown) => `${JSON.stringify(value, null, 2)}\n`

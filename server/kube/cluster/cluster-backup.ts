// What to do against loss: a cluster in a folder, to be brought back somewhere else, and a store that is damaged mended.
// In the folder are its record, its certificates, and its store at one revision.
// Machines are not in it. They are made anew, and their kubelets start again what the store says should run there.
//
//   <folder>/cluster.json   pki/   store.snapshot   saved/ if something was kept

import { createReadStream, createWriteStream, existsSync } from 'node:fs'
import { cp, mkdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { pipeline } from 'node:stream/promises'
import type { Clock } from '../../base/clock.ts'
import { connectToEtcd } from '../store/etcd-client/etcd-store.ts'
import { openStore, type Repaired, repairStore, restoreStore, type Store } from '../store/store.ts'
import { type ClusterRecord, readClusterRecord, readRunRecord, writeClusterRecord } from './cluster-record.ts'
import { connectToEtcdServers } from './etcd.ts'
import { settleStore } from './saved-state.ts'

const KEPT = ['pki', 'saved']
const SNAPSHOT = 'store.snapshot'

/** More than anybody writes between a backup and its restore; upstream's own advice for `etcdutl snapshot restore`. */
const REVISIONS_LOST_AT_MOST = 1_000_000_000

/** Writes the cluster in `directory` to the folder `to`; it may run meanwhile. */
export async function backUpCluster({ directory, to, clock }: { directory: string; to: string; clock: Clock }) {
  const record = await recordIn(directory)
  const store = await openOrAsk(directory, record, clock)
  try {
    await writeClusterRecord(to, record)
    await copyKept(directory, to)
    await pipeline(store.snapshot(), createWriteStream(join(to, SNAPSHOT), { mode: 0o600 }))
  } finally {
    await store.close()
  }
}

/** The opposite; `directory` must not exist yet. */
export async function restoreCluster({ from, directory }: { from: string; directory: string }): Promise<void> {
  const record = await recordIn(from)
  await mkdir(directory, { recursive: true, mode: 0o700 })
  await copyKept(from, directory)
  await restoreStore({
    directory: join(directory, 'store'),
    snapshot: createReadStream(join(from, SNAPSHOT)),
    // Whoever watched the lost cluster, a learner's own program for instance, has seen revisions that are in no backup.
    bumpRevision: REVISIONS_LOST_AT_MOST,
  })
  // What was in somebody's etcd comes back in a store of its own: that etcd may have gone on, or hold other things now.
  const { etcd: _, ...spec } = record.spec
  // Last: what came back half would start with nothing in it.
  await writeClusterRecord(directory, { ...record, spec })
}

async function recordIn(directory: string): Promise<ClusterRecord> {
  const record = await readClusterRecord(directory)
  if (!record) throw new Error(`${join(directory, 'cluster.json')} is missing`)
  return record
}

async function copyKept(from: string, to: string): Promise<void> {
  for (const name of KEPT) {
    if (existsSync(join(from, name))) await cp(join(from, name), join(to, name), { recursive: true })
  }
}

/** Of a cluster whose store is damaged, and which nobody runs. */
export function repairCluster({ directory }: { directory: string }): Promise<Repaired> {
  return repairStore({ directory: join(directory, 'store'), bumpRevision: REVISIONS_LOST_AT_MOST })
}

/** A store that a process has open is asked through its etcd door, one that nobody has is opened. */
async function openOrAsk(directory: string, { spec }: ClusterRecord, clock: Clock): Promise<Store> {
  const run = await readRunRecord(directory)
  if (run && run.state !== 'stopped') {
    const pem = (name: string) => readFile(join(directory, 'pki', 'etcd', name), 'utf8')
    const tls = { ca: await pem('ca.crt'), cert: await pem('client.crt'), key: await pem('client.key') }
    const store = await connectToEtcd({ endpoints: [run.etcd], tls, clock }).catch(() => undefined)
    if (store) return store
  }
  if (spec.etcd) return connectToEtcdServers(spec.etcd, clock)
  return openStore({ directory: await settleStore({ directory, hasRun: true }), clock })
}

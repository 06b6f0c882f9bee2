// The cluster's memory and the door to it, with a CA of its own, as kubeadm has it: a certificate that opens the API
// server does not open etcd. Beside the API server only a learner's terminal is let through to the door (machines/).

import { existsSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { basename, join } from 'node:path'
import { allDone } from '../../base/all-done.ts'
import type { Clock } from '../../base/clock.ts'
import { connectToEtcd } from '../store/etcd-client/etcd-store.ts'
import { type EtcdDoor, openEtcdDoor } from '../store/etcd-door/door.ts'
import { CorruptStoreError, openStore, type Store } from '../store/store.ts'
import type { EtcdServers } from './cluster-spec.ts'
import { type KeyPairPem, openCertificates } from './pki.ts'
import { settleStore } from './saved-state.ts'

export async function openEtcd(options: {
  /** Of the cluster; the store lies in `store/`, the certificates in `pki/etcd/`. */
  directory: string
  port: number
  hosts: string[]
  clock: Clock
  /** Where the memory is, if not here; then the door leads on to it. */
  servers: EtcdServers | undefined
  quotaBytes?: number | undefined
}): Promise<{ store: Store; renewCertificate: () => Promise<void> } & AsyncDisposable> {
  const { directory, port, hosts, clock, servers, quotaBytes } = options
  await using stack = new AsyncDisposableStack()
  const certificates = await openCertificates({ directory: join(directory, 'pki', 'etcd'), clock })
  const keepServer = () =>
    certificates.keep('server', {
      commonName: 'etcd',
      usages: ['server', 'client'],
      dnsNames: ['localhost'],
      ipAddresses: hosts,
    })
  // Not used by this process, which holds the store itself: for etcdctl, and for API servers that run alone.
  const keepClient = () => certificates.keep('client', { commonName: 'kube-etcd-client', usages: ['client'] })
  const opened = servers
    ? connectToEtcdServers(servers, clock)
    : openOwnStore(directory, { clock, ...(quotaBytes ? { quotaBytes } : {}) })
  const whenOpen = opened.then((store) => {
    stack.defer(() => store.close())
    return store
  })
  const [server, store] = await allDone(keepServer(), whenOpen, keepClient())
  const tlsOf = ({ certPem, keyPem }: KeyPairPem) => ({ cert: certPem, key: keyPem, ca: certificates.caPem })
  const doors: EtcdDoor[] = []
  for (const host of hosts) {
    const door = await openEtcdDoor({ store, clock, host, port, tls: tlsOf(server) })
    doors.push(door)
    stack.defer(() => door.close())
  }
  const whole = stack.move()
  return {
    store,
    async renewCertificate() {
      const [renewed] = await allDone(keepServer(), keepClient())
      for (const door of doors) door.renew(tlsOf(renewed))
    },
    [Symbol.asyncDispose]: () => whole.disposeAsync(),
  }
}

export async function connectToEtcdServers(servers: EtcdServers, clock: Clock): Promise<Store> {
  const { urls, caFile, certFile, keyFile } = servers
  const tls = caFile && {
    ca: await readFile(caFile),
    ...(certFile && { cert: await readFile(certFile) }),
    ...(keyFile && { key: await readFile(keyFile) }),
  }
  return connectToEtcd({ endpoints: urls, ...(tls && { tls }), clock })
}

async function openOwnStore(directory: string, options: { clock: Clock; quotaBytes?: number }): Promise<Store> {
  // Written when its store was open for the first time.
  const hasRun = existsSync(join(directory, 'admin.conf'))
  try {
    return await openStore({ directory: await settleStore({ directory, hasRun }), ...options })
  } catch (error) {
    throw error instanceof CorruptStoreError ? withWayOut(error, basename(directory)) : error
  }
}

function withWayOut(cause: CorruptStoreError, cluster: string): Error {
  const way = `\`podium restore\` brings a backup back, \`podium cluster repair ${cluster}\` goes on with what can still be read`
  return new Error(`${cause.message}. ${way}`, { cause })
}

// A real API server over a real store in a temporary directory, for tests.

import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type Clock, systemClock } from '../../../base/clock.ts'
import { noLogger } from '../../../base/logger.ts'
import { noTrace, type Trace } from '../../../base/trace.ts'
import { type Client, createClient } from '../../client/client.ts'
import type { Transport } from '../../client/transport.ts'
import { builtInKinds } from '../../kinds/index.ts'
import { loadSchemas } from '../../schemas/load-schemas.ts'
import { openStore, type Store } from '../../store/store.ts'
import { type ApiServer, type ApiServerOptions, createApiServer } from '../index.ts'
import { serviceAccountKeys, type TestPki, testPki } from './test-pki.ts'

export interface TestServer extends AsyncDisposable {
  server: ApiServer
  store: Store
  pki: TestPki
  /** As a member of system:masters. */
  transport: Transport
  client: Client
}

const schemas = loadSchemas()

export async function startTestServer(
  told: {
    clock?: Clock
    trace?: Trace
    options?: Partial<ApiServerOptions>
    directory?: string
    /** In place of one of its own; not closed with the server. */
    store?: Store
    /** In place of one of its own, which is another each time. */
    pki?: TestPki
  } = {},
): Promise<TestServer> {
  const { clock = systemClock, trace = noTrace } = told
  const directory = told.directory ?? (await mkdtemp(join(tmpdir(), 'podium-apiserver-')))
  const store = told.store ?? (await openStore({ directory, clock }))
  const pki = told.pki ?? (await testPki())
  const server = await createApiServer({
    store,
    kinds: builtInKinds,
    schemas,
    clock,
    logger: noLogger,
    trace,
    serving: { ...(await pki.issue('kube-apiserver')), caPem: pki.caPem },
    serviceAccounts: { ...serviceAccountKeys(), issuer: 'https://kubernetes.default.svc.cluster.local' },
    serviceClusterIpRange: '10.96.0.0/12',
    nodePortRange: [30000, 32767],
    ...told.options,
  })
  await server.ready
  let isClosed = false
  const transport = server.transportFor({ user: 'admin', groups: ['system:masters'], client: 'test' })
  return {
    server,
    store,
    pki,
    transport,
    client: createClient(transport),
    async [Symbol.asyncDispose]() {
      if (isClosed) return
      isClosed = true
      await server.close()
      if (!told.store) await store.close()
      if (!told.directory) await rm(directory, { recursive: true, force: true })
    },
  }
}

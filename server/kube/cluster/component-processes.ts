// Every component as a process of its own: the shape the textbooks draw. Options are upstream's flags in camel case;
// what is not asked for is not loaded. Each resolves when `until` does, after it has stopped in order.

import { randomUUID } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { hostname } from 'node:os'
import { systemClock } from '../../base/clock.ts'
import type { Logger } from '../../base/logger.ts'
import { Metrics } from '../../base/metrics.ts'
import { noTrace } from '../../base/trace.ts'
import { ADMISSION_FLAGS } from '../apiserver/admission/flag-names.ts'
import { AUDIT_FLAGS } from '../apiserver/audit/flag-names.ts'
import { AUTHENTICATION_FLAGS } from '../apiserver/authentication/flag-names.ts'
import { AUTHORIZATION_FLAGS } from '../apiserver/authorization/flag-names.ts'
import { patient } from '../client/patient-transport.ts'
import { readAccessFlags } from './api-server-flags.ts'
import { openAuditLog } from './audit-log.ts'
import { etcdServersOf } from './cluster-spec.ts'
import { loadOwnPlugins } from './own-plugins.ts'
import { readSchedulerConfigFile } from './scheduler-flags.ts'

export interface ComponentContext {
  logger: Logger
  until: Promise<void>
}

type Flags = Record<string, string>

export async function runApiServer(options: Flags, { logger, until }: ComponentContext): Promise<void> {
  const { createApiServer } = await import('../apiserver/index.ts')
  const { openStore } = await import('../store/store.ts')
  const { connectToEtcdServers } = await import('./etcd.ts')
  const { loadSchemas } = await import('../schemas/load-schemas.ts')
  const { builtInKinds } = await import('../kinds/index.ts')
  const read = (option: string) => readFile(options[option]!, 'utf8')
  const store = options.etcdServers
    ? await connectToEtcdServers(etcdServersOf(options), systemClock)
    : await openStore({ directory: options.dataDir!, clock: systemClock })
  const { audit: written, ...access } = await readAccessFlags(accessFlags(options), options.serviceAccountIssuer!)
  const audit = written.logPath
    ? await openAuditLog(written, { path: written.logPath, clock: systemClock, logger })
    : undefined
  const server = await createApiServer({
    store,
    kinds: builtInKinds,
    schemas: loadSchemas(),
    clock: systemClock,
    logger,
    trace: noTrace,
    serving: {
      certPem: await read('tlsCertFile'),
      keyPem: await read('tlsPrivateKeyFile'),
      caPem: await read('clientCaFile'),
    },
    serviceAccounts: {
      privateKeyPem: await read('serviceAccountSigningKeyFile'),
      publicKeyPem: await read('serviceAccountKeyFile'),
      issuer: options.serviceAccountIssuer!,
    },
    ...access,
    identity: { hostName: hostname(), port: Number(options.securePort) },
    ...(audit ? { audit: audit.options } : {}),
    serviceClusterIpRange: options.serviceClusterIpRange!,
    nodePortRange: [30000, 32767],
  })
  const address = await server.listen({ host: options.bindAddress!, port: Number(options.securePort) })
  logger.info('serving', { address: `https://${address.host}:${address.port}` })
  await until
  await server.close()
  await audit?.close()
  await store.close()
}

/** Back from camel case to the names upstream gives them. */
function accessFlags(options: Flags): Flags {
  const inCamelCase = (flag: string) => flag.replace(/-(\w)/g, (_, letter: string) => letter.toUpperCase())
  const told = [...AUTHENTICATION_FLAGS, ...AUTHORIZATION_FLAGS, ...ADMISSION_FLAGS, ...AUDIT_FLAGS].map(
    (flag) => [flag, options[inCamelCase(flag)]] as const,
  )
  return Object.fromEntries(told.filter((pair): pair is [string, string] => pair[1] !== undefined))
}

export async function runControllerManager(options: Flags, { logger, until }: ComponentContext): Promise<void> {
  const { createClient } = await import('../client/client.ts')
  const { httpsTransport, transportFromKubeconfig } = await import('../client/https-transport.ts')
  const { loadKubeconfig } = await import('../client/kubeconfig.ts')
  const { serviceAccountTransport } = await import('../client/service-account-transport.ts')
  const { runControllers } = await import('../client/controller-runner.ts')
  const { buildControllers } = await import('../controllers/index.ts')
  const { builtInKinds } = await import('../kinds/index.ts')
  const { server, caPem } = loadKubeconfig(options.kubeconfig!)
  const { signerOf } = await import('./signing-authority.ts')
  const rootCaPem = options.rootCaFile ? await readFile(options.rootCaFile, 'utf8') : ''
  const signCertificate = await signerOf(options, systemClock)
  if (!signCertificate) logger.warn('nobody signs certificates: no --cluster-signing-cert-file was given')
  const { readDeschedulerPolicyFile } = await import('./descheduler-flags.ts')
  const { legacyTokenSigner } = await import('./legacy-token.ts')
  const { clusterCidr = '', serviceAccountPrivateKeyFile: keyFile } = options
  const policyFile = options.deschedulerPolicyFile
  const deschedulerPolicy = policyFile ? await readDeschedulerPolicyFile(policyFile) : undefined
  const tokenKey = keyFile && (await readFile(keyFile, 'utf8'))
  await runAsComponent('kube-controller-manager', options, { logger, until }, (metrics) =>
    runControllers({
      definitions: buildControllers({
        kinds: builtInKinds,
        clusterCidr,
        rootCaPem,
        controllers: options.controllers!,
        ...(deschedulerPolicy ? { deschedulerPolicy } : {}),
        evictionRates: {
          nodeEvictionRate: Number(options.nodeEvictionRate),
          secondaryNodeEvictionRate: Number(options.secondaryNodeEvictionRate),
          unhealthyZoneThreshold: Number(options.unhealthyZoneThreshold),
          largeClusterSizeThreshold: Number(options.largeClusterSizeThreshold),
        },
        ...(signCertificate ? { signCertificate } : {}),
        ...(tokenKey ? { signLegacyToken: legacyTokenSigner(tokenKey) } : {}),
      }),
      clientFor: (client, account) =>
        createClient(
          patient(
            serviceAccountTransport({
              account,
              issuer: transportFromKubeconfig(options.kubeconfig!, client),
              clock: systemClock,
              transportWith: (token) =>
                httpsTransport({ server, ...(caPem ? { caPem } : {}), token, userAgent: client }),
            }),
            systemClock,
          ),
        ),
      informerClientFor: (client) =>
        createClient(patient(transportFromKubeconfig(options.kubeconfig!, client), systemClock)),
      clock: systemClock,
      logger,
      trace: noTrace,
      random: Math.random,
      metrics,
    }),
  )
}

export async function runSchedulerProcess(options: Flags, { logger, until }: ComponentContext): Promise<void> {
  const { createClient } = await import('../client/client.ts')
  const { transportFromKubeconfig } = await import('../client/https-transport.ts')
  const { runScheduler } = await import('../scheduler/index.ts')
  const configuration = options.config ? await readSchedulerConfigFile(options.config) : undefined
  const ownPlugins = options.plugin ? await loadOwnPlugins(options.plugin) : []
  await runAsComponent('kube-scheduler', options, { logger, until }, (metrics) =>
    runScheduler({
      ...(configuration ? { configuration } : {}),
      ownPlugins,
      client: createClient(patient(transportFromKubeconfig(options.kubeconfig!, 'kube-scheduler'), systemClock)),
      clock: systemClock,
      logger,
      trace: noTrace,
      random: Math.random,
      metrics,
    }),
  )
}

/** Of several processes of one name, one works; each tells how it is and what it counts. */
async function runAsComponent(
  name: string,
  options: Flags,
  { logger, until }: ComponentContext,
  work: (metrics: Metrics) => AsyncDisposable,
): Promise<void> {
  const { createClient } = await import('../client/client.ts')
  const { transportFromKubeconfig } = await import('../client/https-transport.ts')
  const { LeaderElection } = await import('../client/leader-election.ts')
  const { startComponentServer } = await import('./component-server.ts')
  const metrics = new Metrics()
  const client = createClient(transportFromKubeconfig(options.kubeconfig!, name))
  await using stack = new AsyncDisposableStack()
  if (options.tlsCertFile) {
    const { bindAddress: host = '', securePort, tlsCertFile, tlsPrivateKeyFile } = options
    const tls = { certPem: await readFile(tlsCertFile, 'utf8'), keyPem: await readFile(tlsPrivateKeyFile!, 'utf8') }
    const { port } = stack.use(
      await startComponentServer({
        host,
        port: Number(securePort),
        tls,
        client,
        metrics,
        clock: systemClock,
        random: Math.random,
        logger,
      }),
    )
    logger.info('serving', { address: `https://${host}:${port}` })
  }
  const stop = new AbortController()
  const election = new LeaderElection({
    client,
    clock: systemClock,
    logger,
    random: Math.random,
    metrics,
    lease: { namespace: 'kube-system', name },
    identity: `${hostname()}_${randomUUID()}`,
    async lead(signal) {
      await using _working = work(metrics)
      await new Promise<void>((resolve) => signal.addEventListener('abort', () => resolve(), { once: true }))
    },
  })
  const ended = election.run(stop.signal)
  await until
  stop.abort()
  await ended
}

export async function runHollowKubelet(options: Flags, { logger, until }: ComponentContext): Promise<void> {
  const { createClient } = await import('../client/client.ts')
  const { transportFromKubeconfig } = await import('../client/https-transport.ts')
  const { startHollowNode } = await import('../kubelet/hollow-node.ts')
  const name = options.hostnameOverride!
  await using _node = startHollowNode({
    name,
    client: createClient(patient(transportFromKubeconfig(options.kubeconfig!, `kubelet/${name}`), systemClock)),
    clock: systemClock,
    logger,
    random: Math.random,
  })
  await until
}

// Every component as a process of its own, with nothing but a kubeconfig (the API server: a store): the hard way, for
// labs and tests. Flags are upstream's.

import { readFile } from 'node:fs/promises'
import type { Command } from 'commander'
import { systemClock } from '../base/clock.ts'
import type { Logger } from '../base/logger.ts'
import { noTrace } from '../base/trace.ts'

const UNTIL_TOLD = () =>
  new Promise<void>((resolve) => {
    for (const signal of ['SIGTERM', 'SIGINT'] as const) process.once(signal, () => resolve())
  })

export function addComponentCommands(program: Command, logger: Logger): void {
  program
    .command('kube-apiserver')
    .description('one API server with a store of its own')
    .requiredOption('--data-dir <directory>', 'of the store')
    .requiredOption('--client-ca-file <file>')
    .requiredOption('--tls-cert-file <file>')
    .requiredOption('--tls-private-key-file <file>')
    .requiredOption('--service-account-signing-key-file <file>')
    .requiredOption('--service-account-key-file <file>')
    .option('--service-account-issuer <url>', '', 'https://kubernetes.default.svc.cluster.local')
    .option('--service-cluster-ip-range <cidr>', '', '10.96.0.0/12')
    .option('--bind-address <address>', '', '127.0.0.1')
    .option('--secure-port <port>', '', '6443')
    .action((options: Record<string, string>) => runApiServer(options, logger))

  for (const [name, description] of [
    ['kube-controller-manager', 'all watch loops'],
    ['kube-scheduler', 'the scheduler'],
  ] as const) {
    program
      .command(name)
      .description(description)
      .requiredOption('--kubeconfig <file>')
      .option('--cluster-cidr <cidr>', '', '10.244.0.0/16')
      .option('--root-ca-file <file>')
      .action((options: Record<string, string>) =>
        name === 'kube-scheduler' ? runSchedulerProcess(options, logger) : runControllerManager(options, logger),
      )
  }

  program
    .command('kubelet')
    .description('a hollow kubelet: its pods run nothing')
    .requiredOption('--kubeconfig <file>')
    .requiredOption('--hostname-override <name>')
    .action((options: Record<string, string>) => runHollowKubelet(options, logger))
}

async function runApiServer(options: Record<string, string>, logger: Logger): Promise<void> {
  const { createApiServer } = await import('../kube/apiserver/index.ts')
  const { openStore } = await import('../kube/store/store.ts')
  const { loadSchemas } = await import('../kube/schemas/load-schemas.ts')
  const { builtInKinds } = await import('../kube/kinds/index.ts')
  const read = (option: string) => readFile(options[option]!, 'utf8')
  const store = await openStore({ directory: options.dataDir!, clock: systemClock })
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
    serviceClusterIpRange: options.serviceClusterIpRange!,
    nodePortRange: [30000, 32767],
  })
  const address = await server.listen({ host: options.bindAddress!, port: Number(options.securePort) })
  logger.info('serving', { address: `https://${address.host}:${address.port}` })
  await UNTIL_TOLD()
  await server.close()
  await store.close()
}

async function runControllerManager(options: Record<string, string>, logger: Logger): Promise<void> {
  const { createClient } = await import('../kube/client/client.ts')
  const { transportFromKubeconfig } = await import('../kube/client/https-transport.ts')
  const { runControllers } = await import('../kube/client/controller-runner.ts')
  const { buildControllers } = await import('../kube/controllers/index.ts')
  const { builtInKinds } = await import('../kube/kinds/index.ts')
  await using _controllers = runControllers({
    definitions: buildControllers({
      kinds: builtInKinds,
      clusterCidr: options.clusterCidr!,
      rootCaPem: options.rootCaFile ? await readFile(options.rootCaFile, 'utf8') : '',
    }),
    clientFor: (client) => createClient(transportFromKubeconfig(options.kubeconfig!, client)),
    clock: systemClock,
    logger,
    trace: noTrace,
    random: Math.random,
  })
  await UNTIL_TOLD()
}

async function runSchedulerProcess(options: Record<string, string>, logger: Logger): Promise<void> {
  const { createClient } = await import('../kube/client/client.ts')
  const { transportFromKubeconfig } = await import('../kube/client/https-transport.ts')
  const { runScheduler } = await import('../kube/scheduler/index.ts')
  await using _scheduler = runScheduler({
    client: createClient(transportFromKubeconfig(options.kubeconfig!, 'kube-scheduler')),
    clock: systemClock,
    logger,
    trace: noTrace,
    random: Math.random,
  })
  await UNTIL_TOLD()
}

async function runHollowKubelet(options: Record<string, string>, logger: Logger): Promise<void> {
  const { createClient } = await import('../kube/client/client.ts')
  const { transportFromKubeconfig } = await import('../kube/client/https-transport.ts')
  const { startHollowNode } = await import('../kube/kubelet/hollow-node.ts')
  const name = options.hostnameOverride!
  await using _node = startHollowNode({
    name,
    client: createClient(transportFromKubeconfig(options.kubeconfig!, `kubelet/${name}`)),
    clock: systemClock,
    logger,
    random: Math.random,
  })
  await UNTIL_TOLD()
}

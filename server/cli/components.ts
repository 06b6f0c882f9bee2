// Every component as a process of its own, with nothing but a kubeconfig (the API server: a store or an etcd): the hard
// way, for labs and tests. Flags are upstream's.

import type { Command } from 'commander'
import type { Logger } from '../base/logger.ts'
import { ADMISSION_FLAGS } from '../kube/apiserver/admission/flag-names.ts'
import { AUDIT_FLAGS } from '../kube/apiserver/audit/flag-names.ts'
import { AUTHENTICATION_FLAGS } from '../kube/apiserver/authentication/flag-names.ts'
import { AUTHORIZATION_FLAGS } from '../kube/apiserver/authorization/flag-names.ts'
import { UserError } from './user-error.ts'

/** Loaded when one of the commands is used. */
const processes = () => import('../kube/cluster/component-processes.ts')

const DAY_MS = 24 * 3600_000

/** Timers of ours never keep a process alive, so that tests and commands end; a component lives until it is told. */
async function untilTold(run: (until: Promise<void>) => Promise<void>): Promise<void> {
  const alive = setInterval(() => undefined, DAY_MS)
  const told = new Promise<void>((resolve) => {
    const tell = () => {
      clearInterval(alive)
      resolve()
    }
    for (const signal of ['SIGTERM', 'SIGINT'] as const) process.once(signal, tell)
  })
  // One that cannot even begin ends with what it has to say.
  await run(told).finally(() => clearInterval(alive))
}

export function addComponentCommands(program: Command, logger: Logger): void {
  type Component = keyof Awaited<ReturnType<typeof processes>>
  const run = (component: Component) => (options: Record<string, string>) =>
    untilTold(async (until) => (await processes())[component](options, { logger, until }))
  const apiServer = program
    .command('kube-apiserver')
    .description('one API server, with a store of its own or with an etcd that others may share')
    .option('--data-dir <directory>', 'of its own store')
    .option('--etcd-servers <urls>', 'with commas between them; in place of --data-dir')
    .option('--etcd-cafile <file>', 'who signed the certificates of etcd')
    .option('--etcd-certfile <file>', 'of the client that etcd knows')
    .option('--etcd-keyfile <file>')
    .requiredOption('--client-ca-file <file>')
    .requiredOption('--tls-cert-file <file>')
    .requiredOption('--tls-private-key-file <file>')
    .requiredOption('--service-account-signing-key-file <file>')
    .requiredOption('--service-account-key-file <file>')
    .option('--service-account-issuer <url>', '', 'https://kubernetes.default.svc.cluster.local')
    .option('--service-cluster-ip-range <cidr>', '', '10.96.0.0/12')
    .option('--bind-address <address>', '', '127.0.0.1')
    .option('--secure-port <port>', '', '6443')
    .action(async (options: Record<string, string>) => {
      if (!options.dataDir === !options.etcdServers) {
        throw new UserError('say where its memory is: either --data-dir, or --etcd-servers')
      }
      await run('runApiServer')(options)
    })
  for (const flag of [...AUTHENTICATION_FLAGS, ...AUTHORIZATION_FLAGS, ...ADMISSION_FLAGS, ...AUDIT_FLAGS])
    apiServer.option(`--${flag} <value>`)

  const loops = (name: string, description: string, port: string) =>
    program
      .command(name)
      .description(description)
      .requiredOption('--kubeconfig <file>')
      .option('--tls-cert-file <file>', 'without one, nothing is served')
      .option('--tls-private-key-file <file>')
      .option('--bind-address <address>', '', '127.0.0.1')
      .option('--secure-port <port>', 'for /healthz and /metrics', port)
  loops('kube-controller-manager', 'all watch loops, each with a token of its own service account', '10257')
    .option('--cluster-cidr <cidr>', '', '10.244.0.0/16')
    .option('--root-ca-file <file>')
    .option(
      '--controllers <names>',
      '* for all that are on by default, name to turn one on, -name to turn one off',
      '*',
    )
    .option('--descheduler-policy-file <file>', 'a DeschedulerPolicy, for where --controllers names the descheduler')
    .option('--service-account-private-key-file <file>', 'fills Secrets that ask for a token')
    .option('--cluster-signing-cert-file <file>', 'who signs certificates; without one, nobody')
    .option('--cluster-signing-key-file <file>')
    .option('--cluster-signing-duration <time>', 'the longest that a certificate may last', '8760h')
    .option('--node-eviction-rate <number>', 'nodes a second that are given up in a zone that is well', '0.1')
    .option('--secondary-node-eviction-rate <number>', 'the same in a large zone that is ill', '0.01')
    .option('--unhealthy-zone-threshold <part>', 'of its nodes not Ready, and a zone is ill', '0.55')
    .option('--large-cluster-size-threshold <number>', 'a zone with no more nodes is small', '50')
    .action(run('runControllerManager'))
  loops('kube-scheduler', 'the scheduler', '10259')
    .option('--config <file>', 'a KubeSchedulerConfiguration: profiles, plug-ins, weights, extenders')
    .option('--plugin <files>', 'modules with plug-ins of your own, with commas between them; profiles enable them')
    .action(run('runSchedulerProcess'))

  program
    .command('kubelet')
    .description('a hollow kubelet: its pods run nothing')
    .requiredOption('--kubeconfig <file>')
    .requiredOption('--hostname-override <name>')
    .action(run('runHollowKubelet'))
}

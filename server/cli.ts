// The `podium` command. Reads arguments and environment, says what happened; the work is done elsewhere.

import { Command, InvalidArgumentError, Option } from 'commander'
import { systemClock } from './base/clock.ts'
import { goOn } from './base/go-on.ts'
import { createLogger } from './base/logger.ts'
import {
  type ClusterCommandContext,
  createCluster,
  deleteCluster,
  listClusters,
  repairCluster,
  runCluster,
  startCluster,
  stopCluster,
} from './cli/cluster-commands.ts'
import { addComponentCommands } from './cli/components.ts'
import { examine, formatFindings } from './cli/doctor.ts'
import { makeFolder } from './cli/named-places.ts'
import { isElsewhere } from './cli/names-elsewhere.ts'
import { stateDirectory } from './cli/state-directory.ts'
import { mendableWords, UserError } from './cli/user-error.ts'
import { goDurationMs } from './kube/apimachinery/go-duration.ts'
import { type ClusterSpec, type EtcdFlags, etcdServersOf } from './kube/cluster/cluster-spec.ts'
import type { LocalClusterHost } from './kube/cluster/index.ts'
import type { DataCentre } from './machines/index.ts'

// `podium … | head` has read enough.
process.stdout.on('error', (err: NodeJS.ErrnoException) => {
  if (err.code !== 'EPIPE') throw err
  process.exit(0)
})

/** Loaded when one of its commands is used. */
const installation = () => import('./cli/installation-commands.ts')

const nodeCommands = () => import('./cli/node-commands.ts')

/** Of machines on one host in a cluster of another. */
const inviteCommands = () => import('./cli/invite-commands.ts')
const lendCommands = () => import('./cli/lend-machine.ts')

const tokenCommands = () => import('./cli/token-commands.ts')

const say = (line: string) => void process.stdout.write(`${line}\n`)
const logger = createLogger({ level: 'info', write: (line) => void process.stderr.write(line) })
const defaultStateDir = stateDirectory(process.env, process.getuid?.())

const program = new Command('podium')
  .description('A self-hosted classroom for Kubernetes')
  .showHelpAfterError('(podium --help shows what there is)')

const context = (stateDir = defaultStateDir): ClusterCommandContext => ({
  stateDir,
  logger,
  say,
  openHost: () => openHost(stateDir),
})

/** Loaded when it is used: who lists clusters needs nothing of what runs them. */
async function openHost(stateDir: string): Promise<LocalClusterHost> {
  const { LocalClusterHost } = await import('./kube/cluster/local-host.ts')
  return new LocalClusterHost({
    stateDir,
    machines: () => openMachines(stateDir, (line) => logger.info(line)),
    schemas: (await import('./kube/schemas/load-schemas.ts')).loadSchemas(),
    clock: systemClock,
    logger,
    random: Math.random,
  })
}

/** Loaded only when somebody needs real machines: simulated nodes need no Docker at all. */
async function openMachines(stateDir: string, log: (line: string) => void): Promise<DataCentre> {
  await makeFolder(stateDir, 0o711)
  const { EngineElsewhere, openDataCentre } = await import('./machines/index.ts')
  return openDataCentre({ stateDir, log }).catch((err: Error) => {
    throw err instanceof EngineElsewhere ? new UserError(err.message) : err
  })
}

function count(text: string): number {
  if (!/^\d+$/.test(text)) throw new InvalidArgumentError('a whole number is needed, as in 2')
  return Number(text)
}

function duration(text: string): number {
  const ms = text === '0' ? 0 : goDurationMs(text)
  if (ms === undefined) throw new InvalidArgumentError('as in 24h or 1h30m')
  return ms
}

const nodeContext = () => ({
  ...context(),
  openMachines: () => openMachines(defaultStateDir, (line) => logger.info(line)),
})

interface JoinOptions {
  token: string
  discoveryTokenCaCertHash: string
  tunnel?: string
  address?: string
}

interface CreateOptions extends EtcdFlags {
  nodes?: number
  simulatedNodes?: number
  kubeconfig?: string
  proxyMode?: ClusterSpec['proxyMode']
  podNetwork?: ClusterSpec['podNetwork']
  containerRuntime?: ClusterSpec['containerRuntime']
  dnsForward?: string
  ipFamily?: ClusterSpec['ipFamily']
  extraConfig: Record<string, string>
}

function extraConfig(text: string, before: Record<string, string>): Record<string, string> {
  const [, flag, value] = /^([^=]+)=(.*)$/s.exec(text) ?? []
  if (!flag || value === undefined) throw new InvalidArgumentError('as in apiserver.anonymous-auth=false')
  return { ...before, [flag]: value }
}

const inPlainWords = (err: Error) => {
  throw new UserError(err.message)
}

program
  .command('doctor')
  .description('what this machine can and cannot do, each with a remedy')
  .addOption(new Option('-o, --output <format>').choices(['json']))
  .action(async ({ output }: { output?: string }) => {
    const findings = await examine(defaultStateDir)
    say(output === 'json' ? JSON.stringify(findings, null, 2) : formatFindings(findings))
  })

program
  .command('client <folder>')
  .description('write what an operator of your own is made with; docs/examples/operator shows how')
  .action(async (folder: string) => {
    const { writeClientPackage } = await import('./cli/client-package.ts')
    for (const file of await writeClientPackage(folder)) say(file)
  })

const cluster = program.command('cluster').description('clusters without any classroom')

cluster
  .command('create <name>')
  .description('make a cluster and wait until its nodes are Ready')
  .option('--nodes <n>', 'worker machines with a container engine of their own (default: 1)', count)
  .option('--simulated-nodes <n>', 'nodes on which no containers run; they need no Docker at all', count)
  .option(
    '--proxy-mode <mode>',
    'how calls of Services are led: iptables (default), nftables, ipvs, or userspace as long ago',
  )
  .option('--container-runtime <name>', 'who runs pods: docker (default) or containerd, by its CRI')
  .option('--pod-network <way>', 'how packets get from machine to machine: routes (default) or vxlan')
  .option('--ip-family <family>', 'of pods and Services: ipv4 (default), ipv6, or dual, which has both')
  .option('--dns-forward <servers>', "whom the cluster's DNS asks for names of the world (default: nobody)")
  .option('--kubeconfig <file>', 'write the kubeconfig of an administrator here')
  .option('--etcd-servers <urls>', 'keep its memory in an etcd of yours: URLs with commas between them')
  .option('--etcd-cafile <file>', 'who signed the certificates of that etcd')
  .option('--etcd-certfile <file>', 'of a client that it knows')
  .option('--etcd-keyfile <file>')
  .option(
    '--extra-config <component.flag=value>',
    "a component's flag by upstream's name, as apiserver.token-auth-file=/root/tokens.csv; may come several times",
    extraConfig,
    {},
  )
  .action((name: string, options: CreateOptions) => {
    const simulatedNodes = options.simulatedNodes ?? 0
    const nodes = options.nodes ?? (simulatedNodes > 0 ? 0 : 1)
    if (!options.etcdServers && (options.etcdCafile || options.etcdCertfile || options.etcdKeyfile)) {
      throw new UserError(
        '--etcd-cafile, --etcd-certfile and --etcd-keyfile are of an etcd of yours: name it by --etcd-servers',
      )
    }
    const etcd = options.etcdServers ? { etcd: etcdServersOf(options) } : {}
    const { proxyMode, podNetwork, containerRuntime, dnsForward, ipFamily } = options
    const network = {
      ...(proxyMode && { proxyMode }),
      ...(podNetwork && { podNetwork }),
      ...(containerRuntime && { containerRuntime }),
      ...(ipFamily && { ipFamily }),
      ...(dnsForward && { dnsForward: dnsForward.split(',') }),
    }
    const spec = { name, nodes, simulatedNodes, extraConfig: options.extraConfig, ...etcd, ...network }
    return createCluster(context(), spec, options.kubeconfig)
  })

cluster
  .command('start <name>')
  .description('bring a stopped cluster back as it was')
  .action((name) => startCluster(context(), name))
cluster
  .command('stop <name>')
  .description('stop a cluster; data and machines are kept')
  .action((name) => stopCluster(context(), name))
cluster
  .command('repair <name>')
  .description('mend the store of a cluster that is refused as corrupt, as far as it can still be read')
  .action((name) => repairCluster(context(), name))
cluster
  .command('delete <name>')
  .description('remove a cluster with everything it has')
  .action((name) => deleteCluster(context(), name))

cluster
  .command('list')
  .description('all clusters on this machine')
  .addOption(new Option('-o, --output <format>').choices(['json']))
  .action(async ({ output }: { output?: string }) => {
    const clusters = await listClusters(context())
    if (output === 'json') return say(JSON.stringify(clusters, null, 2))
    if (clusters.length === 0) return say('no clusters; `podium cluster create demo` makes one')
    for (const { name, state, nodes, simulatedNodes, server } of clusters) {
      say(`${name.padEnd(24)} ${state.padEnd(9)} ${nodes} nodes, ${simulatedNodes} simulated  ${server}`)
    }
  })

const token = program.command('token').description('ways in: to the running classroom, or for a machine into a cluster')
token
  .command('create')
  .description('a new one-time link to the classroom; with --cluster a bootstrap token')
  .option('--cluster <name>', 'for a machine that shall join this cluster')
  .option('--ttl <duration>', 'how long the token is good; 0 is for ever', duration, duration('24h'))
  .option('--print-join-command', 'the whole command, not the token alone')
  .action(async (options: { cluster?: string; ttl: number; printJoinCommand?: boolean }) => {
    const { cluster, ttl: ttlMs, printJoinCommand: print = false } = options
    if (cluster) return (await tokenCommands()).createToken(context(), { cluster, ttlMs, print })
    const { newLink } = await import('./classroom/index.ts')
    say(await newLink(defaultStateDir).catch(inPlainWords))
  })
token
  .command('list')
  .description('the bootstrap tokens of a cluster')
  .requiredOption('--cluster <name>')
  .action(async ({ cluster }: { cluster: string }) => (await tokenCommands()).listTokens(context(), cluster))
token
  .command('delete <token>')
  .description('a bootstrap token, by its id or as a whole: nobody joins by it any more')
  .requiredOption('--cluster <name>')
  .action(async (told: string, { cluster }: { cluster: string }) =>
    (await tokenCommands()).deleteToken(context(), cluster, told),
  )

const node = program.command('node').description('machines that join a cluster which is there already')

node
  .command('invite')
  .description('let another host add a machine to a cluster of this one; says how, and waits for it')
  .requiredOption('--cluster <name>')
  .requiredOption('--from <address>', 'of the other host, which alone is heard')
  .option('--ttl <duration>', 'how long the invitation is good; 0 is until Ctrl-C', duration, duration('15m'))
  .action(async ({ cluster, from, ttl: ttlMs }: { cluster: string; from: string; ttl: number }) => {
    const over = new AbortController()
    for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => over.abort())
    await (await inviteCommands()).inviteMachine(nodeContext(), { cluster, from, ttlMs, signal: over.signal })
  })
node
  .command('join <host:port>')
  .description('make a machine here that becomes a node by a token, as `podium token create --print-join-command` says')
  .requiredOption('--token <token>', 'of `podium token create`')
  .requiredOption('--discovery-token-ca-cert-hash <hash>', "of the public key of the cluster's authority")
  .option('--tunnel <host:port>', 'to a cluster of another host, as `podium node invite` says there')
  .option('--address <address>', 'of this host in the network of that cluster')
  .action(async (endpoint: string, options: JoinOptions) => {
    const { token, discoveryTokenCaCertHash: caCertHash, tunnel, address } = options
    const told = { endpoint, token, caCertHash }
    if (tunnel && address) return (await lendCommands()).lendMachine(nodeContext(), { ...told, tunnel, address })
    if (tunnel || address) throw new UserError('--tunnel and --address come together, as `podium node invite` says')
    await (await nodeCommands()).joinNode(nodeContext(), told)
  })
node
  .command('remove <name>')
  .description('take a machine that has joined away, with its node; `kubectl drain` it first')
  .requiredOption('--cluster <cluster>')
  .action(async (name: string, { cluster }: { cluster: string }) => {
    if (isElsewhere(cluster)) return (await lendCommands()).removeLentMachine(nodeContext(), cluster, name)
    await (await nodeCommands()).removeNode(nodeContext(), cluster, name)
  })

const images = program.command('images').description('images of machines, terminals and labs')

images
  .command('build')
  .description('build what is missing')
  .action(async () => {
    await using _built = await openMachines(defaultStateDir, (line) => say(`podium: ${line}`))
  })
images
  .command('add <source>')
  .description('give machines an image: a file of `docker save`, a folder with a Dockerfile, or a name to pull')
  .option('--name <name>', 'what learners call it, as in shop:1.0')
  .action(async (source: string, { name }: { name?: string }) =>
    (await installation()).addImages(context(), source, name),
  )
images
  .command('remove <name>')
  .description('take back what `images add` gave')
  .action(async (name: string) => (await installation()).removeImage(context(), name))
images
  .command('list')
  .description('the images that machines have')
  .action(async () => (await installation()).listImages(context()))
images
  .command('prune')
  .description('remove images, disks and registry contents that only earlier sets of images had')
  .action(async () => (await installation()).pruneImages(context()))
images
  .command('export <file>')
  .description('write all images into one file, for a machine that reaches neither a registry nor a Debian mirror')
  .action(async (file) => (await installation()).exportImages(file, say))
images
  .command('import <file>')
  .description('load what `images export` wrote')
  .action(async (file) => (await installation()).importImages(file, say))

program
  .command('backup <file>')
  .description('the whole classroom in one file, also while it runs')
  .action(async (file) => (await import('./cli/backup-commands.ts')).backUp(context(), file))
program
  .command('restore <file>')
  .description('bring a backup back, where no classroom is yet')
  .action(async (file) => (await import('./cli/backup-commands.ts')).restore(context(), file))

program
  .command('uninstall')
  .description('remove everything that Podium made on this machine')
  .option('--images', 'the images as well')
  .option('--yes', 'really')
  .action(async (options: { images?: boolean; yes?: boolean }) => (await installation()).uninstall(context(), options))

program
  .command('cluster-run <name>', { hidden: true })
  .requiredOption('--state-dir <directory>')
  .option('--create <spec>')
  .action((name: string, options: { stateDir: string; create?: string }) =>
    runCluster(context(options.stateDir), name, options.create ? JSON.parse(options.create) : undefined),
  )

program
  .command('cluster-host', { hidden: true })
  .requiredOption('--state-dir <directory>')
  .action(async ({ stateDir }: { stateDir: string }) => {
    const { serveHost } = await import('./kube/cluster/index.ts')
    const host = await openHost(stateDir)
    await host.prepare()
    goOn(process, logger)
    const ended = await serveHost({ host, channel: process, logger })
    if (ended === 'orphaned') await host.leave()
    process.exit(0)
  })

addComponentCommands(program, logger)

try {
  await program.parseAsync()
} catch (err) {
  process.stderr.write(`podium: ${mendableWords(err) ?? (err as Error).stack ?? String(err)}\n`)
  process.exitCode = 1
}

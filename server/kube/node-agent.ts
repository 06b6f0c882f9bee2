// The process that runs on every machine: kubelet, its HTTPS API, kube-proxy, the pod network and its policies, each a
// client of its own to the API server over the learner's network. Bundled into one file; the machine's supervisor restarts it.
//
//   node node-agent.mjs --config /etc/podium/node.json
//   node node-agent.mjs --make-request        in a pod's network, for network/trace: reads an order, prints the outcome
//
// A machine from the warm pool runs this before it knows which cluster it belongs to: it waits for the file.

import { readFile } from 'node:fs/promises'
import { text } from 'node:stream/consumers'
import Docker from 'dockerode'
import { systemClock } from '../base/clock.ts'
import { createLogger, type Logger, type LogLevel } from '../base/logger.ts'
import { Metrics } from '../base/metrics.ts'
import { createClient } from './client/client.ts'
import { counted } from './client/counted-transport.ts'
import { transportFromKubeconfig } from './client/https-transport.ts'
import { loadKubeconfig } from './client/kubeconfig.ts'
import { patient } from './client/patient-transport.ts'
import type { Transport } from './client/transport.ts'
import type { ContainerRuntime } from './container-runtime/container-runtime.ts'
import { CriRuntime } from './container-runtime/cri/cri-runtime.ts'
import { DockerRuntime } from './container-runtime/docker/docker-runtime.ts'
import { runKubeProxy } from './kube-proxy/index.ts'
import type { JoinRequest } from './kubelet/bootstrap/discovery.ts'
import { joinCluster } from './kubelet/bootstrap/join-cluster.ts'
import { settleClientPair } from './kubelet/certificates/client-pair.ts'
import { keepNodeCertificates } from './kubelet/certificates/node-certificates.ts'
import { readCredentialPlugins } from './kubelet/credential-plugin-config.ts'
import { CredentialPlugins } from './kubelet/credential-plugins.ts'
import { startKubelet } from './kubelet/kubelet.ts'
import { logLimitsOf, readConfiguration } from './kubelet/kubelet-configuration.ts'
import { startKubeletServer } from './kubelet/server/kubelet-server.ts'
import { openBinDirectory } from './network/bin-directory.ts'
import { CniNetwork } from './network/cni-network.ts'
import { ConnectionWatch } from './network/connection-watch.ts'
import { type RelayOptions, runGatewayRelay } from './network/gateway-relay.ts'
import { runLoadBalancerAddresses } from './network/load-balancer-addresses.ts'
import { runNodeRoutes } from './network/node-routes.ts'
import { OVERLAY_MTU, type PodPathName } from './network/pod-paths.ts'
import { openSecondFamily } from './network/second-family.ts'
import { StopWatch } from './network/stop-watch.ts'
import { knock } from './network/trace/knock.ts'
import { makeRequest } from './network/trace/make-request.ts'
import { RequestTracer } from './network/trace/request-tracer.ts'
import { runNetworkPolicies } from './network-policy/index.ts'
import { createLinuxNodeOs } from './node-os/linux-node-os.ts'

interface NodeConfig {
  nodeName: string
  nodeIP: string
  kubeconfig: string
  proxyKubeconfig: string
  /** A KubeProxyConfiguration. */
  proxyConfig: string
  networkKubeconfig: string
  clusterCIDR: string
  podNetwork: PodPathName
  serviceCIDR: string
  /** IPv6, where the cluster has it. */
  second?: { nodeIP: string; clusterCidr: string; serviceCidr: string }
  /** Where the cluster has nothing else: who hands on to the gateway what pods have for it, at `dnsAddress`. */
  relay?: Pick<RelayOptions, 'gateway' | 'tcpPorts' | 'udpPorts'>
  clusterDNS: string
  /** Where it leads: what answers is not a pod. */
  dnsAddress: string
  clusterDomain: string
  kubeletServing: { cert: string; key: string; clientCa: string }
  /** Where it shall get its kubeconfig from, having none. */
  join?: JoinRequest
  dockerSocket: string
  /** Of a runtime that runs the pods in place of the Docker engine. */
  criSocket?: string
  cniConfDir: string
  cniBinDir: string
  pauseImage?: string
  kubeletVersion?: string
  labels?: Record<string, string>
  logLevel?: LogLevel
}

const WAIT_MS = 50
const MAKE_REQUEST = '--make-request'
/** Where the machine's supervisor has somebody listen. */
const ERRANDS = '/run/podium-errands.sock'

async function main(): Promise<void> {
  const path = argumentOf('--config') ?? '/etc/podium/node.json'
  const waiting = createLogger({ level: 'info', write })
  const config = await waitForConfig(path, waiting)
  const logger = createLogger({ level: config.logLevel ?? 'info', write })
  const clock = systemClock
  const os = createLinuxNodeOs({ errands: ERRANDS })
  const docker = new Docker({ socketPath: config.dockerSocket })
  const told = untilTold()
  if (config.join) {
    const joined = joinCluster({ ...config, join: config.join, os, clock, logger: logger.with({ component: 'join' }) })
    const isIn = await Promise.race([joined.then(() => true), told.then(() => false)])
    if (!isIn) return
  }
  await settleClientPair(os, config.kubeconfig)
  const clientBy = (transport: Transport) => createClient(patient(transport, clock))
  const kubeletTransport = transportFromKubeconfig(config.kubeconfig, `kubelet/${config.nodeName}`)
  const metrics = new Metrics()
  const { host } = new URL(loadKubeconfig(config.kubeconfig).server)
  const kubeletClient = clientBy(counted(kubeletTransport, { host, clock, metrics }))
  const { nodeName, nodeIP, second } = config
  const configuration = await readConfiguration(os, {
    authentication: { x509: { clientCAFile: config.kubeletServing.clientCa } },
    clusterDNS: [config.clusterDNS],
    clusterDomain: config.clusterDomain,
  })
  const clientCAFile = configuration.authentication.x509?.clientCAFile || config.kubeletServing.clientCa
  const clientCaPem = await os.readFile(clientCAFile)
  if (clientCaPem === undefined) {
    const why = `open ${clientCAFile}: no such file or directory`
    throw new Error(`failed to construct kubelet dependencies: unable to load client CA file ${clientCAFile}: ${why}`)
  }

  const credentialPlugins = await readCredentialPlugins(os).then(
    (found) => found && new CredentialPlugins(found, { os, clock, logger: logger.with({ component: 'kubelet' }) }),
    (err: unknown) => logger.error('credentials for registries are not asked of plug-ins', { err }),
  )

  await using stack = new AsyncDisposableStack()
  await openBinDirectory(os, config.cniBinDir)
  const { relay, dnsAddress } = config
  if (second) await openSecondFamily(os, { ...second, relayed: relay && dnsAddress })
  if (relay) {
    const relaying = { ...relay, address: dnsAddress, clock, logger: logger.with({ component: 'relay' }) }
    stack.use(runGatewayRelay(relaying))
  }
  const network = new CniNetwork({
    os,
    logger: logger.with({ component: 'cni' }),
    confDir: config.cniConfDir,
    binDir: config.cniBinDir,
    mtu: config.podNetwork === 'vxlan' ? OVERLAY_MTU : undefined,
  })
  const cniVersions = await network.versions().catch((err: unknown) => {
    logger.warn('CNI plug-ins do not say what they speak', { err })
    return []
  })
  const policyTransport = transportFromKubeconfig(config.networkKubeconfig, `network-policy/${nodeName}`)
  const policies = stack.use(
    runNetworkPolicies({
      nodeName,
      client: clientBy(policyTransport),
      os,
      clock,
      logger: logger.with({ component: 'network-policy' }),
      dnsAddress,
      isRelayed: relay !== undefined,
    }),
  )
  const common = {
    os,
    clock,
    logger: logger.with({ component: 'runtime' }),
    pauseImage: config.pauseImage ?? 'registry.k8s.io/pause:3.10',
    logs: logLimitsOf(configuration),
    logRoot: '/var/log',
  }
  const runtime = stack.use(
    config.criSocket
      ? new CriRuntime({
          ...common,
          socketPath: config.criSocket,
          configureNetwork: (podCidr) => network.updatePodCidr(podCidr),
          isolating: policies.isolating,
        })
      : new DockerRuntime({
          ...common,
          docker,
          network: policies.isolating(network),
          // Cheaper, and seen to work with version 1 of cgroups (decision 0078).
          ...((await os.kindOf('/sys/fs/cgroup/cgroup.controllers')) ? {} : { sandboxRuntime: 'crun' }),
        }),
  )
  // Whoever looks after a network itself looks after pods that lived on while nobody looked.
  if (config.criSocket) await untilAnswers(runtime, waiting)
  else {
    void runtime
      .listPodSandboxes()
      .then((sandboxes) => network.takeUp(sandboxes.map(({ id }) => id)))
      .catch((err: unknown) => logger.warn('pods of before could not be listed', { err }))
  }
  const kubelet = stack.use(
    await startKubelet({
      nodeName,
      nodeIP,
      ...(second && { secondNodeIP: second.nodeIP }),
      client: kubeletClient,
      runtime,
      os,
      clock,
      logger: logger.with({ component: 'kubelet' }),
      configuration,
      metrics,
      ...(credentialPlugins && { credentialPlugins }),
      ...(config.kubeletVersion ? { kubeletVersion: config.kubeletVersion } : {}),
      ...(config.labels ? { labels: config.labels } : {}),
      annotations: { 'podium.dev/cni-versions': cniVersions.join(',') },
    }),
  )
  const watching = { os, run: os.start, clock, logger: logger.with({ component: 'connections' }) }
  const connections = stack.use(new ConnectionWatch(watching))
  const stops = stack.use(
    new StopWatch({
      ...watching,
      ranges: [{ clusterCidr: config.clusterCIDR, serviceCidr: config.serviceCIDR }, ...(second ? [second] : [])],
      tellOfDrops: policies.tellOfDrops,
    }),
  )
  const tracer = stack.use(
    new RequestTracer({
      os,
      clock,
      logger: logger.with({ component: 'trace' }),
      knock,
      maker: [process.execPath, process.argv[1] ?? '', MAKE_REQUEST],
    }),
  )
  const kubeletServer = stack.use(
    await startKubeletServer({
      kubelet,
      connections: {
        listen(listener) {
          const listening = new DisposableStack()
          listening.use(stops.listen(listener))
          listening.use(connections.listen(listener))
          return listening
        },
      },
      tracer,
      clock,
      logger: logger.with({ component: 'kubelet-server' }),
      metrics,
      host: '0.0.0.0',
      port: 10250,
      tls: {
        certPem: await readFile(config.kubeletServing.cert, 'utf8'),
        keyPem: await readFile(config.kubeletServing.key, 'utf8'),
        clientCaPem,
      },
    }),
  )
  const proxyTransport = transportFromKubeconfig(config.proxyKubeconfig, `kube-proxy/${nodeName}`)
  // A kubelet may read its own Node only; whoever makes routes has to know them all, as kube-proxy does.
  const networkTransport = transportFromKubeconfig(config.proxyKubeconfig, `kube-network/${nodeName}`)
  stack.use(
    await keepNodeCertificates({
      ...config,
      rotateCertificates: configuration.rotateCertificates,
      kubelet: kubeletTransport,
      components: [
        { kubeconfig: config.proxyKubeconfig, transports: [proxyTransport, networkTransport] },
        { kubeconfig: config.networkKubeconfig, transports: [policyTransport] },
      ],
      serve: kubeletServer.renewCertificate,
      os,
      clock,
      random: Math.random,
      logger: logger.with({ component: 'certificates' }),
      metrics,
    }),
  )
  const proxyLogger = logger.with({ component: 'kube-proxy' })
  const proxy = runKubeProxy({
    nodeName,
    nodeIP,
    client: clientBy(proxyTransport),
    os,
    clock,
    logger: proxyLogger,
    readConfiguration: () => readFile(config.proxyConfig, 'utf8'),
    clusterCidr: config.clusterCIDR,
    serviceCidr: config.serviceCIDR,
    ...(second && { second }),
  })
  // A process of its own elsewhere: pods live on without it.
  await proxy.then(
    (running) => stack.use(running),
    (err: unknown) => proxyLogger.error('kube-proxy does not run', { file: config.proxyConfig, err }),
  )
  const networkClient = clientBy(networkTransport)
  stack.use(
    runNodeRoutes({
      nodeName,
      nodeIP,
      client: networkClient,
      os,
      clock,
      logger: logger.with({ component: 'network' }),
      clusterCidr: config.clusterCIDR,
      podPath: config.podNetwork,
    }),
  )
  stack.use(
    runLoadBalancerAddresses({
      nodeName,
      client: networkClient,
      os,
      clock,
      logger: logger.with({ component: 'network' }),
    }),
  )
  logger.info('node agent started', { node: nodeName, address: nodeIP })
  const why = await told
  if (why === 'SIGPWR') await kubelet.shutDown()
  logger.info('node agent stops; containers go on running', { told: why })
}

function write(line: string): void {
  process.stderr.write(line)
}

function argumentOf(flag: string): string | undefined {
  const at = process.argv.indexOf(flag)
  return at < 0 ? undefined : process.argv[at + 1]
}

async function waitForConfig(path: string, logger: Logger): Promise<NodeConfig> {
  for (let tries = 0; ; tries++) {
    const text = await readFile(path, 'utf8').catch(() => undefined)
    if (text?.trim()) {
      try {
        return JSON.parse(text) as NodeConfig
      } catch (err) {
        // Perhaps it is just being written.
        if (tries % 200 === 0) logger.warn('node configuration is not valid JSON', { path, err })
      }
    } else if (tries === 0) logger.info('waiting for the node configuration', { path })
    // Timers of the clock do not keep a process alive; waiting is all there is to do here.
    await new Promise((resolve) => setTimeout(resolve, WAIT_MS))
  }
}

/** Its supervisor starts it at the same time as this. */
async function untilAnswers(runtime: ContainerRuntime, logger: Logger): Promise<void> {
  for (let tries = 0; ; tries++) {
    try {
      await runtime.version()
      return
    } catch (err) {
      if (tries % 200 === 0) logger.info('waiting for the container runtime', { err })
      await new Promise((resolve) => setTimeout(resolve, WAIT_MS))
    }
  }
}

/** SIGPWR: the machine itself is about to be switched off. */
function untilTold(): Promise<NodeJS.Signals> {
  // Nothing else may hold the process when the network is cut and every socket is gone.
  const alive = setInterval(() => undefined, 60_000)
  return new Promise((resolve) => {
    for (const signal of ['SIGTERM', 'SIGINT', 'SIGPWR'] as const) {
      process.once(signal, () => {
        clearInterval(alive)
        resolve(signal)
      })
    }
  })
}

process.on('unhandledRejection', (err) =>
  write(`unhandled rejection: ${err instanceof Error ? err.stack : String(err)}\n`),
)
async function makeOneRequest(): Promise<void> {
  const outcome = await makeRequest(JSON.parse(await text(process.stdin)))
  await new Promise<void>((resolve) => process.stdout.write(JSON.stringify(outcome), () => resolve()))
}

const run = process.argv.includes(MAKE_REQUEST) ? makeOneRequest : main
run().then(
  () => process.exit(0),
  (err: unknown) => {
    write(`node agent failed: ${err instanceof Error ? err.stack : String(err)}\n`)
    process.exit(1)
  },
)

// Puts one cluster together: store, API server, loops, scheduler, DNS, nodes. The only place where they are wired.

import { hostname } from 'node:os'
import { join } from 'node:path'
import { allDone } from '../../base/all-done.ts'
import type { Clock } from '../../base/clock.ts'
import { writeAtOnce } from '../../base/durable-files.ts'
import type { Logger } from '../../base/logger.ts'
import { Metrics } from '../../base/metrics.ts'
import type { Trace } from '../../base/trace.ts'
import { type ApiServer, createApiServer } from '../apiserver/index.ts'
import { type Client, createClient } from '../client/client.ts'
import { runControllers } from '../client/controller-runner.ts'
import { type GateState, LoopGates } from '../client/loop-gate.ts'
import { patient } from '../client/patient-transport.ts'
import { buildControllers } from '../controllers/index.ts'
import { startDns } from '../dns/index.ts'
import { builtInKinds } from '../kinds/index.ts'
import { runScheduler } from '../scheduler/index.ts'
import type { Schemas } from '../schemas/schemas.ts'
import type { Store } from '../store/store.ts'
import { readApiServerFlags, SERVICE_ACCOUNT_ISSUER } from './api-server-flags.ts'
import { openAuditLog } from './audit-log.ts'
import type { MachineSwitch, MachinesRest } from './cluster-host.ts'
import { publishClusterInfo } from './cluster-info.ts'
import { type ClusterRecord, writeRunRecord } from './cluster-record.ts'
import { type ClusterInfo, CONTROLLERS, STORE_QUOTA } from './cluster-spec.ts'
import { keepControlPlaneCertificates, renewDaily } from './control-plane-certificates.ts'
import { readDeschedulerFlags } from './descheduler-flags.ts'
import { openEtcd } from './etcd.ts'
import { HollowNodes, hollowNodeNames } from './hollow-nodes.ts'
import { grantJoining, PARTS_OF_A_MACHINE } from './joining-rights.ts'
import { kubeletsAnswer } from './kubelets-answer.ts'
import { legacyTokenSigner } from './legacy-token.ts'
import { type LoopOrder, steerLoops } from './loop-order.ts'
import type { Machine, MachineNetwork, MachineProvider } from './machine-provider.ts'
import { bindNetworkPolicy } from './network-policy-role.ts'
import { addressOfNode, isMachineAddress, NETWORKING, networkingFor, rangesOf, secondAddressOf } from './networking.ts'
import { nodeFiles } from './node-files.ts'
import { nodesReady } from './nodes-ready.ts'
import { type ObjectVersions, objectVersions, type VersionsQuery } from './object-versions.ts'
import { type ChangeLog, changeLog, type StateQuery, type StoreState, stateAt } from './past.ts'
import { bindPeople, openPeople, type PeopleConfigs } from './people.ts'
import { openPki, type Pki } from './pki.ts'
import { saveState } from './saved-state.ts'
import { readSchedulerFlags } from './scheduler-flags.ts'
import type { ServiceAccountKeys } from './service-account-keys.ts'

export interface ClusterOptions {
  directory: string
  record: ClusterRecord
  /** Needed when the spec asks for real nodes. */
  machines: MachineProvider | undefined
  /** Whether its memory is another than what its nodes saw last. */
  isAnew: boolean
  /** Of this process: for clusters that have none yet. */
  keys: ServiceAccountKeys
  schemas: Schemas
  clock: Clock
  logger: Logger
  trace: Trace
  random: () => number
}

const NODES_READY_TIMEOUT_MS = 90_000
/** Thousands that came in one moment would be sent away by priority and fairness, to come back together. */
const HOLLOW_NODES_AT_ONCE = 100
const KUBELETS_ANSWER_TIMEOUT_MS = 15_000
const SCHEDULER = 'kube-scheduler'

/** One control plane in this process, and its nodes wherever they are. */
export class Cluster {
  readonly #options: ClusterOptions
  readonly #stack = new AsyncDisposableStack()
  readonly #started: Promise<void>
  readonly #closing = new AbortController()
  #state: ClusterInfo['state'] = 'creating'
  #message = ''
  #pki!: Pki
  #store!: Store
  #apiServer!: ApiServer
  readonly #gates: LoopGates
  #loops: readonly string[] = []
  #network: MachineNetwork | null = null
  #machinesWereThere = false
  #machines: Machine[] = []
  readonly #hollowNodes: HollowNodes
  #kubeconfig = ''
  #networkKubeconfig = ''
  #superKubeconfig = ''

  constructor(options: ClusterOptions) {
    this.#options = options
    this.#hollowNodes = new HollowNodes({
      clock: options.clock,
      logger: options.logger.with({ cluster: this.name }),
      random: options.random,
      clientOf: (node) =>
        this.#clientOf({
          user: `system:node:${node}`,
          groups: ['system:nodes', 'system:authenticated'],
          client: `kubelet/${node}`,
        }),
      clientOfAll: () => this.#clientFor('podium', 'system:masters'),
    })
    this.#gates = new LoopGates(options.clock, options.trace)
    this.#started = this.#start()
    // Whoever waits for readiness hears of a failure; nobody has to.
    this.#started.catch(() => undefined)
  }

  get name(): string {
    return this.#options.record.spec.name
  }

  info(): ClusterInfo {
    const { record } = this.#options
    return {
      name: this.name,
      state: this.#state,
      message: this.#message,
      server: `https://127.0.0.1:${record.apiPort}`,
      kubeconfig: this.#kubeconfig,
      networkKubeconfig: this.#networkKubeconfig,
      superKubeconfig: this.#superKubeconfig,
      network: this.#network,
      machines: this.#machines.map(({ name, address, id }) => ({ name, address, id })),
      etcd: `https://127.0.0.1:${record.etcdPort}`,
      pid: process.pid,
    }
  }

  /** Resolves when every node is Ready. */
  ready(): Promise<void> {
    return this.#started
  }

  /** A control plane that is started again holds nothing. */
  steerLoops(order: LoopOrder): GateState[] {
    return steerLoops(this.#gates, this.#loops, order)
  }

  loopGates(): GateState[] {
    return this.#gates.states()
  }

  objectVersions(query: VersionsQuery): Promise<ObjectVersions> {
    return objectVersions(this.#store, query)
  }

  stateAt(query: StateQuery): Promise<StoreState> {
    return stateAt(this.#store, query)
  }

  changeLog(most: number): Promise<ChangeLog> {
    return changeLog(this.#store, most)
  }

  get directory(): string {
    return this.#options.directory
  }

  /** The newest one that was written. */
  get revision(): number {
    return this.#store.revision
  }

  saveState(name: string): Promise<void> {
    return saveState({ store: this.#store, directory: this.directory, name })
  }

  /** Pulls the plug of a node, or starts it again. A simulated one stops speaking, and comes back with nothing running. */
  async switchMachine(name: string, to: MachineSwitch): Promise<void> {
    const machine = this.#machines.find((one) => one.name === name)
    if (machine) {
      const isRunning = (await machine.state()) === 'running'
      if (to === 'killed' && isRunning) await machine.kill()
      if (to === 'started' && !isRunning) await machine.start()
      return
    }
    if (!this.#nodeNames().includes(name)) {
      throw new Error(`there is no node "${name}" in this cluster; it has ${this.#nodeNames().join(', ')}`)
    }
    if (to === 'killed') await this.#hollowNodes.switchOff(name)
    else this.#hollowNodes.start(name)
  }

  /**
   * Ends the control plane. The machines go to disk, stand still in memory, or run on; whichever, they wait for it. First
   * the machines: loops that see them fall silent would take them for lost.
   */
  async close({ machines }: { machines: MachinesRest | 'leave' }): Promise<void> {
    this.#closing.abort(new Error('the cluster was stopped while it started'))
    await this.#started.catch(() => undefined)
    if (machines !== 'leave') await Promise.all((await this.#allMachines()).map((machine) => machine[machines]()))
    await this.#stack.disposeAsync()
    this.#state = 'stopped'
    await writeRunRecord(this.#options.directory, this.info())
  }

  async #start(): Promise<void> {
    const { directory, logger } = this.#options
    try {
      await writeRunRecord(directory, this.info())
      const machinesBooted = this.#bootMachines()
      machinesBooted.catch(() => undefined)
      await this.#startControlPlane()
      await machinesBooted
      await this.#joinMachines()
      await this.#startHollowNodes()
      await this.#nodesReady(this.#nodeNames()).catch((err) => this.#goOnWithout(err))
      await this.#kubeletsAnswer()
      this.#state = 'ready'
      logger.info('cluster is ready', { cluster: this.name })
    } catch (err) {
      this.#state = 'failed'
      this.#message = (err as Error).message
      logger.error('cluster did not start', { cluster: this.name, err })
      throw err
    } finally {
      await writeRunRecord(directory, this.info())
    }
  }

  async #startControlPlane(): Promise<void> {
    const { directory, record, clock, logger, trace, schemas, random } = this.#options
    await this.#ensureNetwork()
    const gateway = this.#network?.gatewayAddress
    const etcd = openEtcd({
      directory,
      port: record.etcdPort,
      hosts: ['127.0.0.1', ...(gateway ? [gateway] : [])],
      clock,
      servers: record.spec.etcd,
      quotaBytes: Number(record.spec.extraConfig?.[STORE_QUOTA] ?? 0) || undefined,
    })
    const [pki, { store, renewCertificate }] = await allDone(
      openPki({ directory: join(directory, 'pki'), clock, makeKey: () => this.#options.keys.take() }),
      etcd.then((opened) => this.#stack.use(opened)),
    )
    this.#pki = pki
    this.#store = store
    const { audit: auditSettings, ...access } = await readApiServerFlags(record.spec)
    const configuration = await readSchedulerFlags(record.spec)
    const deschedulerPolicy = await readDeschedulerFlags(record.spec)
    const networking = networkingFor(record.spec)
    const { ipFamily = 'ipv4' } = record.spec
    const ranges = rangesOf(networking, ipFamily)
    // As pods know it: an address that they can call.
    const gatewayOfPods = gateway && ipFamily === 'ipv6' ? secondAddressOf(gateway) : gateway
    const audit = await openAuditLog(auditSettings, { path: join(directory, 'audit', 'audit.log'), clock, logger })
    this.#stack.defer(() => audit.close())

    const addresses = ['127.0.0.1', networking.apiServiceAddress, ...(gateway ? [gateway] : [])]
    const [{ serving, kubeletClient, frontProxyClient }, people] = await allDone(
      keepControlPlaneCertificates(pki, addresses),
      openPeople(pki, this.name),
    )
    const { caPem } = pki
    const here = `https://127.0.0.1:${record.apiPort}`
    const tellPeople = async (known: PeopleConfigs) => {
      this.#kubeconfig = known.admin(here)
      this.#networkKubeconfig = gateway ? known.learner(`https://${gateway}:${NETWORKING.apiPort}`) : ''
      await writeAtOnce(directory, { name: 'admin.conf', content: this.#kubeconfig, mode: 0o600 })
      this.#superKubeconfig = known.superAdmin(here)
      await writeAtOnce(directory, { name: 'super-admin.conf', content: this.#superKubeconfig, mode: 0o600 })
    }
    await tellPeople(people)

    // One process, one page of numbers: a cluster's components have no ports of their own (as with k3s).
    const metrics = new Metrics()
    this.#apiServer = await createApiServer({
      store,
      kinds: builtInKinds,
      schemas,
      clock,
      logger: logger.with({ cluster: this.name, component: 'kube-apiserver' }),
      trace,
      serving: { ...serving, caPem },
      serviceAccounts: { ...this.#pki.serviceAccounts, issuer: SERVICE_ACCOUNT_ISSUER },
      ...access,
      kubeletClient: {
        ...kubeletClient,
        caPem,
        hollowKubelet: (host) => this.#hollowNodes.connect(host),
        mayDial: (host) => this.#network !== null && isMachineAddress(this.#network, host),
      },
      frontProxyClient,
      serviceClusterIpRange: ranges.serviceCidr,
      nodePortRange: NETWORKING.nodePortRange,
      ...(gatewayOfPods ? { advertise: { address: gatewayOfPods, port: NETWORKING.apiPort } } : {}),
      identity: { hostName: hostname(), port: record.apiPort },
      audit: audit.options,
      metrics,
      // They live and die with this process.
      components: { 'controller-manager': async () => undefined, scheduler: async () => undefined },
      usageOfHollowNode: (node) => this.#hollowNodes.usageOf(node),
    })
    this.#stack.defer(() => this.#apiServer.close())
    await this.#apiServer.listen({ host: '127.0.0.1', port: record.apiPort })
    if (gateway) await this.#apiServer.listen({ host: gateway, port: NETWORKING.apiPort })
    this.#stack.use(
      renewDaily({
        clock,
        logger: logger.with({ cluster: this.name, component: 'kube-apiserver' }),
        renew: async () => {
          this.#apiServer.renewCertificates(await keepControlPlaneCertificates(pki, addresses))
          await tellPeople(await openPeople(pki, this.name))
          await renewCertificate()
        },
      }),
    )
    const podium = this.#clientFor('podium', 'system:masters')
    await Promise.all([bindPeople(podium), bindNetworkPolicy(podium), grantJoining(podium)])
    await publishClusterInfo(podium, { server: gateway ? `https://${gateway}:${NETWORKING.apiPort}` : here, caPem })

    const controllers = runControllers({
      definitions: buildControllers({
        kinds: builtInKinds,
        clusterCidr: ranges.clusterCidr,
        ...(this.#network && {
          loadBalancers: {
            range: this.#network.loadBalancerRange,
            ...(ipFamily !== 'ipv4' && { secondOf: secondAddressOf }),
          },
        }),
        rootCaPem: caPem,
        controllers: record.spec.extraConfig?.[CONTROLLERS] ?? '*',
        ...(deschedulerPolicy ? { deschedulerPolicy } : {}),
        signCertificate: (granted) => this.#pki.sign(granted),
        ...(gateway && {
          renewals: { components: PARTS_OF_A_MACHINE, addressOf: (node) => addressOfNode(gateway, node) },
        }),
        signLegacyToken: legacyTokenSigner(this.#pki.serviceAccounts.privateKeyPem),
      }),
      clientFor: (client, account) => this.#clientOfAccount(client, account),
      informerClientFor: (client) => this.#clientFor(client, 'system:kube-controller-manager'),
      clock,
      logger: logger.with({ cluster: this.name, component: 'kube-controller-manager' }),
      trace,
      random,
      metrics,
      gate: this.#gates,
    })
    this.#stack.use(controllers)
    this.#loops = [...controllers.loops.map(({ client }) => client), SCHEDULER]
    this.#stack.use(
      runScheduler({
        client: this.#clientFor(SCHEDULER, 'system:kube-scheduler'),
        ...(configuration ? { configuration } : {}),
        clock,
        logger: logger.with({ cluster: this.name, component: 'kube-scheduler' }),
        trace,
        random,
        metrics,
        gate: this.#gates,
      }),
    )
    if (gateway) {
      this.#stack.use(
        await startDns({
          client: this.#clientOfAccount('coredns', 'coredns'),
          installer: this.#clientFor('podium', 'system:masters'),
          listen: { address: gateway, port: NETWORKING.dnsPort },
          clusterDomain: NETWORKING.clusterDomain,
          service: { clusterDns: networking.clusterDns, address: gatewayOfPods ?? gateway },
          ...(record.spec.dnsForward ? { forward: record.spec.dnsForward } : {}),
          clock,
          logger: logger.with({ cluster: this.name, component: 'coredns' }),
          random,
        }),
      )
    }
  }

  /** In-process client under its own user agent: one component, one name in every trace. */
  #clientFor(client: string, user: string): Client {
    const groups = user === 'system:masters' ? ['system:masters', 'system:authenticated'] : ['system:authenticated']
    return this.#clientOf({ user: user === 'system:masters' ? client : user, groups, client })
  }

  /** The same, as a service account of kube-system. */
  #clientOfAccount(client: string, account: string): Client {
    const groups = ['system:serviceaccounts', 'system:serviceaccounts:kube-system', 'system:authenticated']
    const user = `system:serviceaccount:kube-system:${account}`
    return this.#clientOf({ user, groups, client })
  }

  #clientOf(identity: { user: string; groups: string[]; client: string }): Client {
    return createClient(patient(this.#apiServer.transportFor(identity), this.#options.clock))
  }

  #nodeNames(): string[] {
    const { nodes, simulatedNodes } = this.#options.record.spec
    return [...Array.from({ length: nodes }, (_, i) => `node-${i + 1}`), ...hollowNodeNames(simulatedNodes)]
  }

  #networking: Promise<void> | undefined

  /** Asked for from both sides, machines and control plane; made once. */
  #ensureNetwork(): Promise<void> {
    this.#networking ??= this.#createNetwork()
    return this.#networking
  }

  async #createNetwork(): Promise<void> {
    const { record, machines } = this.#options
    if (record.spec.nodes === 0) return
    if (!machines) throw new Error('real nodes need a provider of machines')
    this.#network = await machines.createNetwork({
      cluster: this.name,
      openTcpPorts: [NETWORKING.apiPort, NETWORKING.dnsPort],
      openUdpPorts: [NETWORKING.dnsPort],
    })
  }

  async #bootMachines(): Promise<void> {
    const { record, machines } = this.#options
    await this.#ensureNetwork()
    if (!machines || !this.#network) return
    const network = this.#network
    const there = new Map((await machines.listMachines(this.name)).map((machine) => [machine.name, machine]))
    this.#machinesWereThere = there.size > 0
    this.#machines = await Promise.all(
      Array.from({ length: record.spec.nodes }, async (_, index) => {
        const name = `node-${index + 1}`
        const machine =
          there.get(name) ?? (await machines.createMachine({ cluster: this.name, name, ordinal: index + 1, network }))
        if ((await machine.state()) !== 'running') await machine.start()
        return machine
      }),
    )
    const own = this.#machines.map(({ name }) => name)
    const joined = [...there.values()].filter(({ name }) => !own.includes(name))
    await Promise.all(joined.map((machine) => machine.start()))
  }

  /** With those that have joined by a token: they are nobody's to configure, and rest with the others. */
  async #allMachines(): Promise<Machine[]> {
    const { machines } = this.#options
    return machines && this.#network ? machines.listMachines(this.name) : []
  }

  async #joinMachines(): Promise<void> {
    const network = this.#network
    const { isAnew, record } = this.#options
    const { proxyMode = 'iptables', podNetwork = 'routes', containerRuntime = 'docker', ipFamily } = record.spec
    if (!network) return
    await Promise.all(
      this.#machines.map(async (machine) =>
        machine.configure(
          await nodeFiles({
            machine,
            network,
            pki: this.#pki,
            networking: networkingFor(record.spec),
            proxyMode,
            podNetwork,
            containerRuntime,
            ipFamily,
          }),
          {
            isAnew,
          },
        ),
      ),
    )
  }

  /** A learner may have broken theirs, or stopped its kubelet, and gets it back as it was. */
  #goOnWithout(err: unknown): void {
    this.#closing.signal.throwIfAborted()
    if (!this.#machinesWereThere) throw err
    this.#options.logger.warn('cluster is ready without a node', { cluster: this.name, err })
  }

  async #kubeletsAnswer(): Promise<void> {
    const { clock, logger } = this.#options
    await kubeletsAnswer({
      kubelets: this.#machines.map(({ name, address }) => ({ name, address, port: NETWORKING.kubeletPort })),
      caPem: this.#pki.caPem,
      clock,
      timeoutMs: KUBELETS_ANSWER_TIMEOUT_MS,
      signal: this.#closing.signal,
    }).catch((err) => {
      this.#closing.signal.throwIfAborted()
      logger.warn('cluster is ready without a kubelet', { cluster: this.name, err })
    })
  }

  async #startHollowNodes(): Promise<void> {
    this.#stack.use(this.#hollowNodes)
    const names = hollowNodeNames(this.#options.record.spec.simulatedNodes)
    while (names.length > 0) {
      const next = names.splice(0, HOLLOW_NODES_AT_ONCE)
      for (const name of next) this.#hollowNodes.start(name)
      await this.#nodesReady(next)
    }
  }

  #nodesReady(names: string[]): Promise<void> {
    return nodesReady({
      client: this.#clientFor('podium', 'system:masters'),
      names,
      clock: this.#options.clock,
      timeoutMs: NODES_READY_TIMEOUT_MS,
      signal: this.#closing.signal,
    })
  }
}

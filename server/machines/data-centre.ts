// The data centre of one host: images, registry, golden disk, and the MachineProvider that clusters use.
//
// Everything it makes is found again by Docker labels, so a restarted process adopts what is there. What a cluster has is
// taken away by deleteCluster. What all share (the registry, the file system of the disks) stands down when the last
// process lets go and nothing runs any more; images and disks stay.
import { existsSync } from 'node:fs'
import { mkdir, readFile, realpath } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import Docker from 'dockerode'
import type { Machine, MachineProvider } from '../kube/cluster/machine-provider.ts'
import { addedImages, fullName } from './added-images.ts'
import { type BuildContext, buildImages, describeImages, type PresentImage } from './build-images.ts'
import type { Cgroups, Limits } from './cgroups.ts'
import { closeDiskStore, type DiskStore, openDiskStore, preparingLock, withDisks } from './disk-store.ts'
import { statusOf } from './docker-error.ts'
import { DockerSockets } from './docker-sockets.ts'
import { type Elsewhere, elsewhere } from './elsewhere.ts'
import { withFileLock } from './file-lock.ts'
import type { SharedPort } from './firewall.ts'
import { cleanForCopying, ensureGoldenDisk, goldenHash, machineImage } from './golden-disk.ts'
import { hold, holdersIn, isHeld } from './holders.ts'
import { keepHomes, putBackHomes } from './home-disks.ts'
import { raiseHostSettings } from './host-settings.ts'
import { installationOf, nameOnEngine } from './installation.ts'
import { LABELS, labelFilter } from './labels.ts'
import {
  applyFirewall,
  ensureNetwork,
  findNetwork,
  findPool,
  type LearnerNetwork,
  type NetworkContext,
  removeNetwork,
} from './learner-network.ts'
import { ENTER, type HostedMachine, machineHandle } from './machine.ts'
import { buildPrograms, publishPrograms } from './machine-programs.ts'
import { openCgroups } from './open-cgroups.ts'
import { pruneImages } from './prune-images.ts'
import { giveRegistryAccess, type RegistryAccess, registryAccessOf } from './push-access.ts'
import { forgetImages } from './push-registry.ts'
import { fillRegistry, registryContentHash, registryDirectory } from './registry.ts'
import { authoritiesOf, ensureRegistryCertificates, PUSH_REGISTRY, REGISTRY_NAMES } from './registry-certificates.ts'
import { removeContainer } from './remove-container.ts'
import { closeSharedDirectory, openSharedDirectory, type SharedDirectory } from './shared-directory.ts'
import { sharedServices } from './shared-services.ts'
import { openShell, type TerminalShell, type TerminalSize } from './shell.ts'
import { createTerminal, DEFAULT_TERMINAL_LIMITS, type Terminal, type TerminalRequest } from './terminal.ts'

const GIB = 1024 ** 3
const SECCOMP = join(dirname(fileURLToPath(import.meta.url)), '../../images/machine/seccomp.json')
const CAPABILITIES = ['SYS_ADMIN', 'NET_ADMIN', 'SETUID', 'SETGID', 'CHOWN', 'DAC_OVERRIDE']

export interface DataCentreOptions {
  stateDir: string
  docker?: Docker
  log?: (line: string) => void
  machineLimits?: Limits
  /** The learner's share of the host: all machines of a cluster together. */
  clusterLimits?: Limits
  terminalLimits?: Limits
  diskBytes?: number
  /** Files that lie on every machine, in place of those that are built (machine-programs.ts). */
  programs?: readonly string[]
  addressPools?: readonly string[]
  binaries?: BuildContext['binaries']
}

export interface DataCentre extends MachineProvider {
  readonly docker: Docker
  readonly images: readonly PresentImage[]
  /** Whether machines have an image that a Pod names so. */
  hasImage(name: string): boolean
  readonly machineLimits: Limits
  createNetwork(request: Parameters<MachineProvider['createNetwork']>[0]): Promise<LearnerNetwork>
  /** `registry` is another host's where the machine is of a cluster there. */
  createMachine(request: MachineRequest): Promise<Machine>
  /** Machines of clusters here on other hosts, and of clusters there on this one. */
  readonly elsewhere: Elsewhere
  /** Of the cluster's machines, for one that is on another host. */
  registryAccess(cluster: string): Promise<RegistryAccess>
  /** The learner's shell container; adopts the one of that name. `network` defaults to the cluster's. */
  createTerminal(request: Omit<TerminalRequest, 'network' | 'machines'>): Promise<Terminal>
  /** A root shell on a machine, in all its namespaces: what `ssh` to a node would give. */
  openMachineShell(request: { machine: Machine; size: TerminalSize; command?: string[] }): Promise<TerminalShell>
  /** What learners have in their homes now, under a name, in place of what that name kept before. */
  keepHomes(cluster: string, name: string): Promise<void>
  /** While no terminal of the cluster is open. */
  putBackHomes(cluster: string, name: string): Promise<void>
  /** Removes images, golden disks and registry contents of earlier image sets; returns their names. */
  pruneImages(): Promise<string[]>
  /** Where the classroom's registry answers; starts it, in place of one that serves other images. */
  registryAddress(): Promise<string>
  readonly installation: string
  readonly cgroups: Cgroups
  /** The file that disks of machines are copies of while nobody adds an image. */
  readonly goldenDisk: string
  readonly stateDir: string
}

type MachineRequest = Parameters<MachineProvider['createMachine']>[0] & { registry?: RegistryAccess }

const DEFAULT_MACHINE_LIMITS: Limits = { memoryBytes: 2 * GIB, processes: 2000, cpus: 2 }
const DEFAULT_CLUSTER_LIMITS: Limits = { memoryBytes: 6 * GIB, processes: 6000, cpus: 4 }
const DEFAULT_DISK_BYTES = 8 * GIB

/** Whether `openDataCentre` would have nothing to build; takes a tenth of a second at most. */
export async function imagesAreReady(
  options: Pick<DataCentreOptions, 'stateDir' | 'docker' | 'diskBytes' | 'binaries'>,
) {
  const { stateDir, docker = new Docker(), diskBytes = DEFAULT_DISK_BYTES } = options
  const present = new Set((await docker.listImages()).flatMap((image) => image.RepoTags ?? []))
  const images = [...(await describeImages(options)), ...(await addedImages({ docker, stateDir, log: () => {} }))]
  if (!images.every((image) => present.has(image.reference))) return false
  const caCertificate = await authoritiesOf(stateDir)
  if (!caCertificate) return false
  const registryHash = registryContentHash(images)
  const hash = goldenHash({ images, registryHash, caCertificate, diskBytes })
  if (!existsSync(join(stateDir, 'registry', registryHash))) return false
  return withDisks(stateDir, async (disks) => existsSync(disks.goldenPath(hash)))
}

/** Whether a process makes machines of this installation now: a classroom, or clusters without one. */
export const isInUse = (stateDir: string): Promise<boolean> => isHeld(holdersOf(stateDir))

export const processesUsing = (stateDir: string): Promise<number[]> => holdersIn(holdersOf(stateDir))

const holdersOf = (stateDir: string) => join(stateDir, 'holders')

/** Prepares the host (building what is missing: minutes the first time, well under a second afterwards). */
export async function openDataCentre(options: DataCentreOptions): Promise<DataCentre> {
  refuseElsewhere(options.docker ?? new Docker())
  await mkdir(options.stateDir, { recursive: true, mode: 0o711 })
  const lock = preparingLock(options.stateDir)
  const onWait = () => options.log?.('another process is preparing the images, waiting for it')
  const alone = <T>(work: () => Promise<T>) => withFileLock(lock, work, onWait)
  return alone(() => prepareDataCentre(options, alone))
}

/** Disks, networks and limits of machines are made on this host, so its engine must be here too (decision 0055). */
function refuseElsewhere({ modem }: Docker): void {
  const { host } = modem as { host?: string }
  if (host) throw new EngineElsewhere(`machines run on this host only, and DOCKER_HOST leads to ${host}; unset it`)
}

export class EngineElsewhere extends Error {}

/** `alone` keeps other processes of the installation from making or taking away what all share meanwhile. */
async function prepareDataCentre(
  options: DataCentreOptions,
  alone: <T>(work: () => Promise<T>) => Promise<T>,
): Promise<DataCentre> {
  const { docker = new Docker(), log = () => {}, diskBytes = DEFAULT_DISK_BYTES } = options
  const machineLimits = options.machineLimits ?? DEFAULT_MACHINE_LIMITS
  const clusterLimits = options.clusterLimits ?? DEFAULT_CLUSTER_LIMITS
  const stateDir = await realpath(options.stateDir)
  const installation = installationOf(stateDir)
  const cgroups = await openCgroups(docker, installation)
  await raiseHostSettings(stateDir, log)
  const built = await buildImages({ docker, stateDir, log, binaries: options.binaries })
  const images = [...built, ...(await addedImages({ docker, stateDir, log }))]
  const disks = await openDiskStore({ stateDir, log })
  const { caCertificate } = await ensureRegistryCertificates(stateDir)
  const registryContext = { docker, stateDir, installation, log }
  const filled = await fillRegistry(registryContext, images)
  const networks: NetworkContext = { docker, installation, pool: await findPool(docker, options.addressPools) }

  const away = elsewhere({ networks, stateDir })
  /** With what somebody has added or taken away meanwhile, who makes the registry's directory and the disk as well. */
  const imagesNow = async () => [...built, ...(await addedImages({ docker, stateDir, log: () => {} }))]
  const directory = async () => {
    const now = registryDirectory(stateDir, await imagesNow())
    return existsSync(now) ? now : filled
  }
  const services = sharedServices({ networks, registry: registryContext, images, directory })

  const seccomp = JSON.stringify(JSON.parse(await readFile(SECCOMP, 'utf8')))
  const agentDirectory = await findPrograms(options, stateDir, log)
  const locks = new Map<string, Promise<unknown>>()
  const sockets = new DockerSockets({ docker, stateDir })

  async function createOn(disk: string, request: MachineRequest): Promise<HostedMachine> {
    const { cluster, name, ordinal } = request
    requireName(cluster, 'cluster')
    requireName(name, 'machine')
    const network = await findNetwork(networks, cluster)
    if (!network) throw new Error(`cluster ${cluster} has no network`)
    const { addresses } = network
    const containerName = nameOnEngine(installation, cluster, name)
    const isThere = await docker
      .getContainer(containerName)
      .inspect()
      .then(
        () => true,
        () => false,
      )
    if (isThere) throw new Error(`machine ${name} of cluster ${cluster} already exists`)
    await disks.remove(cluster, name) // of a machine whose making was interrupted
    await disks.clone(disk, cluster, name)
    const [data, shared] = await Promise.all([disks.mount(cluster, name), sharedBy(cluster).open()])
    await giveRegistryAccess(request.registry ?? (await registryAccessOf(stateDir, cluster)), data)
    const address = addresses.machineAddress(ordinal)
    const container = await docker.createContainer({
      name: containerName,
      Hostname: name,
      Image: machineImage(images).reference,
      Labels: {
        ...clusterLabels(cluster),
        [LABELS.role]: 'machine',
        [LABELS.machine]: name,
        [LABELS.ordinal]: String(ordinal),
      },
      Env: [
        `UID_BASE=${addresses.uidBase}`,
        `NODE_NAME=${name}`,
        `NODE_ADDRESS=${address}`,
        `NODE_DNS=${addresses.gateway}`,
        `GATEWAY=${addresses.gateway}`,
        `REGISTRY_NAMES=${[...REGISTRY_NAMES, PUSH_REGISTRY.host].join(' ')}`,
        `MACHINE=${JSON.stringify({ ...machineLimits, diskBytes })}`,
      ],
      HostConfig: {
        Init: true,
        NetworkMode: network.name,
        Tmpfs: { '/run': 'rw,exec,size=8m' },
        CapDrop: ['ALL'],
        CapAdd: CAPABILITIES,
        SecurityOpt: [`seccomp=${seccomp}`, 'apparmor=unconfined'],
        MaskedPaths: [],
        ReadonlyPaths: [],
        CgroupParent: cgroups.parent([cluster, name]),
        Binds: [
          `${data}:/data`,
          `${shared}:/shared`,
          ...(agentDirectory ? [`${agentDirectory}:/usr/lib/podium/node-agent:ro`] : []),
        ],
        LogConfig: { Type: 'json-file', Config: { 'max-size': '1m', 'max-file': '2' } },
      },
      NetworkingConfig: { EndpointsConfig: { [network.name]: { IPAMConfig: { IPv4Address: address } } } },
    })
    const machine = handle(cluster, name, address, network.bridge, container.id)
    try {
      await machine.boot()
    } catch (err) {
      await machine.delete().catch(() => {})
      throw err
    }
    return machine
  }

  function handle(cluster: string, name: string, address: string, bridge: string, containerId: string): HostedMachine {
    const applyLimits = async () => {
      await cgroups.limit([cluster], clusterLimits)
      await cgroups.limit([cluster, name], machineLimits)
    }
    const shared = sharedBy(cluster)
    return machineHandle({ docker, disks, shared, cgroups, applyLimits, cluster, name, address, bridge, containerId })
  }

  /** Machines of a cluster come and go at the same time. */
  function sharedBy(cluster: string): SharedDirectory {
    const alone = <T>(work: () => Promise<T>) => serialised(`shared ${cluster}`, work)
    return {
      open: () => alone(() => openSharedDirectory(disks, stateDir, cluster)),
      close: () => alone(() => closeSharedDirectory(disks, cluster)),
    }
  }

  function clusterLabels(cluster: string): Record<string, string> {
    return { [LABELS.owner]: '1', [LABELS.home]: installation, [LABELS.cluster]: cluster }
  }

  /** Somebody may add a container (a learner opening a terminal) between the look and the removal, so: look again. */
  async function removeContainersAndNetwork(cluster: string): Promise<void> {
    const filters = JSON.stringify({ label: labelFilter(clusterLabels(cluster)) })
    for (let tries = 0; ; tries++) {
      const containers = await docker.listContainers({ all: true, filters })
      await Promise.all(containers.map((found) => removeContainer(docker, found.Id)))
      const network = await findNetwork(networks, cluster)
      try {
        if (network) await removeNetwork(networks, network)
        return
      } catch (err) {
        if (statusOf(err) !== 403 || tries >= 5) throw err // 403: it still has endpoints
      }
    }
  }

  /** Slots are found by looking at what is there, so two networks must not be looked for at once. */
  function serialised<T>(key: string, work: () => Promise<T>): Promise<T> {
    const result = (locks.get(key) ?? Promise.resolve()).then(work, work)
    locks.set(
      key,
      result.catch(() => {}),
    )
    return result
  }

  let registriesStarted: Promise<readonly SharedPort[]> | undefined
  /** Only while nobody can take it away. */
  const startOnce = () => {
    registriesStarted ??= services.start().catch((err) => {
      registriesStarted = undefined
      throw err
    })
    return registriesStarted
  }
  const startServices = () => registriesStarted ?? alone(startOnce)

  const createNetwork = (request: Parameters<MachineProvider['createNetwork']>[0], start: typeof startOnce) =>
    serialised('networks', async () => {
      requireName(request.cluster, 'cluster')
      const network = await ensureNetwork(networks, request.cluster)
      await applyFirewall(network, request, { registries: await start() })
      await away.reopen(network)
      return network
    })

  const provider = {
    createNetwork: (request: Parameters<MachineProvider['createNetwork']>[0]) => createNetwork(request, startServices),
    async listMachines(cluster: string): Promise<Machine[]> {
      const network = await findNetwork(networks, cluster)
      const containers = await docker.listContainers({
        all: true,
        filters: JSON.stringify({ label: labelFilter({ ...clusterLabels(cluster), [LABELS.role]: 'machine' }) }),
      })
      return containers
        .map((found) => ({ found, ordinal: Number(found.Labels[LABELS.ordinal]) }))
        .sort((a, b) => a.ordinal - b.ordinal)
        .map(({ found, ordinal }) =>
          handle(
            cluster,
            found.Labels[LABELS.machine] ?? '',
            network?.addresses.machineAddress(ordinal) ?? '',
            network?.bridge ?? '',
            found.Id,
          ),
        )
    },
    async deleteCluster(cluster: string): Promise<void> {
      requireName(cluster, 'cluster')
      await removeContainersAndNetwork(cluster)
      await disks.removeCluster(cluster)
      await away.forget(cluster)
      await forgetImages(registryContext, cluster)
      await sockets.forget(cluster)
      const left = await cgroups.remove([cluster])
      if (left.length > 0) log(`cgroups of ${cluster} are still busy: ${left.join(', ')}`)
    },
  }

  const golden = await serialised('golden', () =>
    ensureGoldenDisk(
      { docker, disks, stateDir, images, registryHash: registryContentHash(images), caCertificate, diskBytes, log },
      async (disk) => {
        const cluster = 'image-build'
        await provider.deleteCluster(cluster)
        const network = await createNetwork({ cluster, openTcpPorts: [], openUdpPorts: [] }, startOnce)
        const machine = await createOn(disk, { cluster, name: 'golden', ordinal: 0, network })
        return { machine, keepDiskAs: (path) => keepDisk(disks, machine, cluster, path, provider.deleteCluster) }
      },
    ),
  )

  async function goldenNow(): Promise<string> {
    const now = await imagesNow()
    const hash = goldenHash({ images: now, registryHash: registryContentHash(now), caCertificate, diskBytes })
    const disk = disks.goldenPath(hash)
    return existsSync(disk) ? disk : golden
  }

  const held = await hold(holdersOf(stateDir))
  return {
    ...provider,
    docker,
    images,
    hasImage: (name) => images.some(({ recipe }) => recipe.names?.includes(fullName(name))),
    machineLimits,
    cgroups,
    registryAddress: async () => (await startServices())[0]?.address ?? '',
    installation,
    stateDir,
    goldenDisk: golden,
    createMachine: async (request) => createOn(await goldenNow(), request),
    elsewhere: away,
    registryAccess: async (cluster) => ({ ...(await registryAccessOf(stateDir, cluster)), authorities: caCertificate }),
    openMachineShell: ({ machine, size, command = ['bash', '-l'] }) =>
      openShell(docker.getContainer(machine.id), size, { command: [ENTER, ...command] }),
    keepHomes: (cluster, name) => keepHomes({ stateDir, cluster, name }),
    putBackHomes: (cluster, name) => putBackHomes({ stateDir, cluster, name }),
    pruneImages: () => pruneImages({ docker, stateDir, images, caCertificate, diskBytes }),
    async createTerminal(request) {
      requireName(request.name ?? 'terminal', 'terminal')
      const network = await findNetwork(networks, request.cluster)
      if (!network) throw new Error(`cluster ${request.cluster} has no network`)
      const limits = options.terminalLimits ?? DEFAULT_TERMINAL_LIMITS
      const machines = await provider.listMachines(request.cluster)
      return createTerminal(
        { docker, disks, cgroups, images, installation, stateDir, limits, sockets },
        { ...request, network, machines },
      )
    },
    [Symbol.asyncDispose]: () =>
      alone(async () => {
        sockets[Symbol.dispose]()
        if (!(await held.letGo()) || (await anythingRuns())) return
        await services.stop()
        await closeDiskStore(stateDir).catch((err) => log(`the disks stay mounted: ${(err as Error).message}`))
      }),
  }

  /** Besides the registry: whoever was killed left its machines running. */
  async function anythingRuns(): Promise<boolean> {
    const filters = JSON.stringify({ label: labelFilter({ [LABELS.home]: installation }) })
    const running = await docker.listContainers({ filters })
    return running.some(({ Labels }) => Labels[LABELS.role] !== 'registry')
  }
}

async function keepDisk(
  disks: DiskStore,
  machine: HostedMachine,
  cluster: string,
  path: string,
  deleteCluster: (cluster: string) => Promise<void>,
): Promise<void> {
  await machine.stop()
  await cleanForCopying(await disks.mount(cluster, machine.name))
  await disks.unmount(cluster, machine.name)
  await disks.promote(cluster, machine.name, path)
  await deleteCluster(cluster)
}

async function findPrograms(options: DataCentreOptions, stateDir: string, log: (line: string) => void) {
  try {
    return await publishPrograms(options.programs ?? (await buildPrograms()), stateDir)
  } catch (err) {
    const lines = (err instanceof Error ? err.message : String(err)).split('\n').filter(Boolean)
    log(`machines will have no node agent: ${lines.slice(0, 3).join(' | ')}`)
    return undefined
  }
}

/** Cluster and machine names become parts of paths, cgroups and Docker names. */
function requireName(name: string, what: string): void {
  if (!/^[a-z0-9]([-a-z0-9]{0,50}[a-z0-9])?$/.test(name)) throw new Error(`not a ${what} name: ${JSON.stringify(name)}`)
}

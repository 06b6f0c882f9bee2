import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import type Docker from 'dockerode'
import { mergeKubeconfig } from '../kube/client/merge-kubeconfig.ts'
import type { Machine } from '../kube/cluster/machine-provider.ts'
import type { PresentImage } from './build-images.ts'
import type { Cgroups, Limits } from './cgroups.ts'
import type { DiskStore } from './disk-store.ts'
import { ensureTemplate } from './disk-template.ts'
import type { DockerSockets } from './docker-sockets.ts'
import { allowAddress, disallowAddress } from './firewall.ts'
import { nameOnEngine } from './installation.ts'
import { LABELS, labelFilter } from './labels.ts'
import type { LearnerNetwork } from './learner-network.ts'
import { type CommandResult, runInContainer } from './machine.ts'
import { dockerConfigOf, pushPrefix } from './push-access.ts'
import { removeContainer } from './remove-container.ts'
import { runCommand } from './run-command.ts'
import { openShell, type TerminalShell, type TerminalSize } from './shell.ts'

export interface Terminal {
  readonly id: string
  readonly address: string
  /** Opens a shell; `command` replaces the login shell. */
  shell(size: TerminalSize, options?: { command?: string[]; env?: Record<string, string> }): Promise<TerminalShell>
  /** Runs a command as the learner, without a TTY. */
  exec(command: string[], input?: string): Promise<CommandResult>
  /** Renews ~/.kube/config; what the learner added to it stays. */
  setKubeconfig(kubeconfig: string): Promise<void>
  /** Removes the container; the home directory is kept until its cluster is deleted. */
  delete(): Promise<void>
}

export interface TerminalRequest {
  cluster: string
  network: LearnerNetwork
  /** Whose engines `docker` in it may speak to, the first unless told. */
  machines: readonly Machine[]
  /** More than one learner may share a cluster; each has a terminal of another name. */
  name?: string
  kubeconfig?: string
  /** Ports of the gateway that this terminal may reach and pods may not (the etcd door). */
  openTcpPorts?: readonly number[]
}

export interface TerminalContext {
  docker: Docker
  disks: DiskStore
  cgroups: Cgroups
  images: readonly PresentImage[]
  installation: string
  stateDir: string
  limits: Limits
  sockets: DockerSockets
}

const LEARNER = 61_000
const HOME = '/home/learner'
const SOCKETS = '/run/machines'
/** What a home lacks; the learner's later changes are theirs, but for the password that $1 has for ~/.docker/config.json. */
const MOVE_IN = `
cd /etc/skel && for f in .[!.]*; do [ -e "$HOME/$f" ] || cp "$f" "$HOME/"; done
umask 077; mkdir -p "$HOME/.docker" && cd "$HOME/.docker"
{ cat config.json 2>/dev/null || echo '{}'; echo "$1"; } | jq -s '.[0] * .[1]' > .config.json.new && mv .config.json.new config.json
exec sleep infinity`
const HOME_BYTES = 512 * 1024 ** 2
export const DEFAULT_TERMINAL_LIMITS: Limits = { memoryBytes: 768 * 1024 ** 2, processes: 256, cpus: 1 }

/** Adopts the terminal of that name when it is there, so it may be called again after a restart. */
export async function createTerminal(context: TerminalContext, request: TerminalRequest): Promise<Terminal> {
  const { docker, disks, cgroups, sockets } = context
  const { cluster, network, machines, name = 'terminal' } = request
  await sockets.open({ cluster, terminal: name, machines, user: LEARNER })
  const container = (await findContainer(context, request)) ?? (await createContainer(context, request))
  const found = await container.inspect()
  if (!found.State.Running) {
    await Promise.all([disks.mount(cluster, homeDisk(name)), cgroups.limit([cluster, homeDisk(name)], context.limits)])
    await container.start()
  }
  const address = (await container.inspect()).NetworkSettings.Networks[network.name]?.IPAddress ?? ''
  const access = {
    slot: network.addresses.slot,
    gateway: network.gatewayAddress,
    from: address,
    tcpPorts: request.openTcpPorts ?? [],
  }
  await allowAddress(access)

  const exec = (command: string[], input?: string) => runInContainer(container, command, input)
  const terminal: Terminal = {
    id: container.id,
    address,
    exec,
    shell: (size, options) => openShell(container, size, options),
    async setKubeconfig(kubeconfig) {
      const script =
        'umask 077 && mkdir -p ~/.kube && cat > ~/.kube/.config.new && mv ~/.kube/.config.new ~/.kube/config'
      const { stdout: theirs } = await exec(['sh', '-c', `head -c ${LONGEST_CONFIG} ~/.kube/config 2>/dev/null`])
      const { exitCode, stderr } = await exec(['sh', '-c', script], mergeKubeconfig(theirs, kubeconfig))
      if (exitCode !== 0) throw new Error(`writing the kubeconfig: ${stderr.trim()}`)
    },
    async delete() {
      sockets.close(cluster, name)
      await disallowAddress(access)
      await removeContainer(docker, container.id)
      await disks.unmount(cluster, homeDisk(name))
    },
  }
  if (request.kubeconfig !== undefined) await terminal.setKubeconfig(request.kubeconfig)
  return terminal
}

/** In bytes; a file that is longer is no kubeconfig, and is written anew. */
const LONGEST_CONFIG = 256 * 1024

async function findContainer(
  context: TerminalContext,
  request: TerminalRequest,
): Promise<Docker.Container | undefined> {
  const { cluster, name = 'terminal' } = request
  const labels = {
    [LABELS.home]: context.installation,
    [LABELS.cluster]: cluster,
    [LABELS.role]: 'terminal',
    [LABELS.machine]: name,
  }
  const [found] = await context.docker.listContainers({
    all: true,
    filters: JSON.stringify({ label: labelFilter(labels) }),
  })
  return found && context.docker.getContainer(found.Id)
}

async function createContainer(context: TerminalContext, request: TerminalRequest): Promise<Docker.Container> {
  const { docker, disks } = context
  const { cluster, network, machines, name = 'terminal' } = request
  const [machine] = machines
  const image = context.images.find((candidate) => candidate.recipe.name === 'terminal')
  if (!image) throw new Error('the image set has no terminal')
  const template = await ensureHomeTemplate(context)
  await disks.clone(template, cluster, homeDisk(name))
  const home = join(await disks.mount(cluster, homeDisk(name)), 'home')
  return docker.createContainer({
    name: nameOnEngine(context.installation, cluster, name),
    Hostname: 'classroom',
    Image: image.reference,
    Labels: {
      [LABELS.owner]: '1',
      [LABELS.home]: context.installation,
      [LABELS.cluster]: cluster,
      [LABELS.role]: 'terminal',
      [LABELS.machine]: name,
    },
    Cmd: ['sh', '-c', MOVE_IN, 'move-in', await dockerConfigOf(context.stateDir, cluster)],
    User: `${LEARNER}:${LEARNER}`,
    WorkingDir: HOME,
    Env: [
      `HOME=${HOME}`,
      'USER=learner',
      'LANG=C.UTF-8',
      'EDITOR=nano',
      'KUBE_EDITOR=nano',
      'PAGER=less',
      `REGISTRY=${pushPrefix(cluster)}`,
      ...(machine ? [`DOCKER_HOST=unix://${SOCKETS}/${machine.name}.sock`] : []),
    ],
    HostConfig: {
      Init: true,
      NetworkMode: network.name,
      Dns: [network.gatewayAddress],
      Binds: [`${home}:${HOME}`, `${context.sockets.directoryOf(cluster, name)}:${SOCKETS}:ro`],
      Tmpfs: { '/tmp': 'rw,nosuid,nodev,size=128m', '/run': 'rw,nosuid,nodev,noexec,size=8m' },
      ReadonlyRootfs: true,
      CapDrop: ['ALL'],
      SecurityOpt: ['no-new-privileges'],
      CgroupParent: context.cgroups.parent([cluster, homeDisk(name)]),
      LogConfig: { Type: 'none', Config: {} },
    },
  })
}

function homeDisk(name: string): string {
  return `home-${name}`
}

const ensureHomeTemplate = ({ disks, stateDir }: TerminalContext): Promise<string> =>
  ensureTemplate(disks, stateDir, {
    name: 'home-v1',
    bytes: HOME_BYTES,
    async fill(tree) {
      await mkdir(join(tree, 'home'), { mode: 0o700 })
      await runCommand('chown', [`${LEARNER}:${LEARNER}`, join(tree, 'home')])
    },
  })

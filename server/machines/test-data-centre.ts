// What the real tests of this room share: one data centre on the host's engine, and a picture of the host to compare.
import { cp, mkdtemp, readdir, readFile, rm } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'
import { type DataCentre, type DataCentreOptions, openDataCentre } from './data-centre.ts'
import { withDisks } from './disk-store.ts'
import { chainNames } from './firewall.ts'
import type { LearnerNetwork } from './learner-network.ts'
import { removeInstallation } from './remove-installation.ts'
import { runCommand } from './run-command.ts'

/** `npm test` names the one whose images it has built. Never somebody's classroom. */
export const TEST_STATE_DIR = process.env.PODIUM_HOME ?? '/var/lib/podium-test'

export function openTestDataCentre(options: Partial<DataCentreOptions> = {}): Promise<DataCentre> {
  return openDataCentre({ stateDir: TEST_STATE_DIR, log: (line) => console.log(line), ...options })
}

const SECOND = '/var/lib/podium-second-'

/** A state directory beside the first one's. What takes minutes to make is brought along; it is valid for the same CA only. */
export async function secondInstallation(first: DataCentre): Promise<string> {
  // A run that was killed leaves its installation.
  for (const name of await readdir(dirname(SECOND)))
    if (name.startsWith(basename(SECOND))) await removeWhole(join(dirname(SECOND), name))
  const stateDir = await mkdtemp(SECOND)
  for (const part of ['registry', 'registry-tls'])
    await cp(join(first.stateDir, part), join(stateDir, part), { recursive: true })
  await withDisks(stateDir, async (disks) => {
    const golden = disks.goldenPath(basename(first.goldenDisk, '.img'))
    await runCommand('cp', ['--sparse=always', first.goldenDisk, golden])
  })
  return stateDir
}

export async function removeWhole(stateDir: string): Promise<void> {
  await removeInstallation({ stateDir, log: (line) => console.log(line) })
  await rm(stateDir, { recursive: true, force: true })
}

/**
 * What is on the host of one network's cluster, or of a state directory: others may come and go meanwhile, so only what
 * bears one of the marks counts.
 */
export async function tracesOf(dataCentre: DataCentre, marks: readonly string[]): Promise<string[]> {
  const isOurs = (line: string) => marks.some((mark) => new RegExp(`(^|[^a-z0-9])${mark}($|[^0-9])`).test(line))
  return (await hostPicture(dataCentre)).filter(isOurs)
}

/** The names by which a cluster's things are known: its own, its bridge's, and those of its chains. */
export function marksOf(network: LearnerNetwork): string[] {
  const { slot } = network.addresses
  return [network.cluster, network.bridge, ...Object.values(chainNames(slot)), network.subnet.replace(/\.0\/24$/, '')]
}

/** Everything on the host that a cluster could leave behind, as sorted lines. */
async function hostPicture(dataCentre: DataCentre): Promise<string[]> {
  const { docker } = dataCentre
  const containers = await docker.listContainers({ all: true })
  const networks = await docker.listNetworks()
  const volumes = await docker.listVolumes()
  const saved = await Promise.all(['filter', 'nat'].map((table) => runCommand('iptables-save', ['-t', table])))
  const groups = await Promise.all(
    dataCentre.cgroups.directories([]).map(async (directory) => {
      const found = await readdir(directory, { withFileTypes: true }).catch(() => [])
      // Names of slices have underscores for dashes.
      return found.filter((e) => e.isDirectory()).map((e) => `cgroup ${directory}/${e.name.replaceAll('_', '-')}`)
    }),
  )
  const disks = await readdir(join(dataCentre.stateDir, 'disks/clusters')).catch(() => [])
  return [
    ...containers.map((container) => `container ${container.Names.join()}`),
    ...networks.map((network) => `network ${network.Name}`),
    ...volumes.Volumes.map((volume) => `volume ${volume.Name}`),
    ...saved.flatMap((text) => text.split('\n')).filter((line) => line.startsWith('-A') || /^:PODIUM/.test(line)),
    ...(await readFile('/proc/self/mounts', 'utf8')).split('\n').filter((line) => line.includes(dataCentre.stateDir)),
    ...(await runCommand('losetup', ['-n', '-O', 'BACK-FILE', '-a'])).split('\n').filter(Boolean),
    ...(await readdir('/sys/class/net')).map((link) => `link ${link}`),
    ...groups.flat(),
    ...disks.map((disk) => `disk ${disk}`),
  ]
    .map((line) => line.trim().replace(/\[\d+:\d+\]/, ''))
    .sort()
}

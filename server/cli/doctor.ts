// `podium doctor`: what this machine can and cannot do, each with what it is good for and a remedy.

import { execFile } from 'node:child_process'
import { access, constants, readFile, statfs } from 'node:fs/promises'
import { availableParallelism, freemem, totalmem } from 'node:os'
import { promisify } from 'node:util'

export interface Finding {
  name: string
  state: 'ok' | 'limited' | 'missing'
  /** What was found, in a few words. */
  found: string
  /** What will not work, and how to mend it; empty when ok. */
  remedy: string
}

type Examination = () => Promise<Finding>

const run = async (command: string, ...args: string[]): Promise<string | undefined> => {
  try {
    return (await promisify(execFile)(command, args, { timeout: 10_000 })).stdout.trim()
  } catch {
    return undefined
  }
}

const exists = (path: string, mode = constants.F_OK) =>
  access(path, mode).then(
    () => true,
    () => false,
  )

/** By its socket, as Podium itself does: its command-line client is a package of its own on newer Debians. */
const askEngine = async (): Promise<{ ServerVersion: string; CgroupDriver: string } | undefined> => {
  const { default: Docker } = await import('dockerode')
  return new Docker({ timeout: 10_000 }).info().catch(() => undefined)
}

/** A module that is there is loaded when it is first needed. */
const canLoad = async (module: string) => (await run('modprobe', '-n', '-q', module)) !== undefined

const finding = (
  name: string,
  ok: boolean,
  found: string,
  remedy: string,
  state: Finding['state'] = 'missing',
): Finding => ({
  name,
  state: ok ? 'ok' : state,
  found,
  remedy: ok ? '' : remedy,
})

const GIB = 1024 ** 3

export function examinations(stateDir: string): Examination[] {
  return [
    async () =>
      finding(
        'Node.js',
        Number(process.versions.node.split('.')[0]) >= 24,
        `v${process.versions.node}`,
        'Run npm start: it brings Node 24.',
      ),
    async () =>
      finding(
        'root',
        process.getuid?.() === 0,
        process.getuid?.() === 0 ? 'yes' : `user id ${process.getuid?.()}`,
        'Worker machines need root to make networks, disks and limits; start Podium as root (sudo). Without it nodes are simulated.',
      ),
    async () => {
      const version = (await askEngine())?.ServerVersion
      const installed = await exists('/usr/sbin/dockerd')
      return finding(
        'container engine',
        version !== undefined,
        version ? `Docker ${version}` : installed ? 'Docker is installed and does not run' : 'none',
        installed
          ? 'npm start starts it; or run: service docker start'
          : 'npm start installs it on Debian; elsewhere install Docker Engine.',
      )
    },
    async () => {
      const { cgroupSupport, readCgroups } = await import('../machines/index.ts')
      // Without an engine to ask: the driver it will choose.
      const systemd = (await exists('/sys/fs/cgroup/cgroup.controllers')) && (await exists('/run/systemd/system'))
      const driver = (await askEngine())?.CgroupDriver ?? (systemd ? 'systemd' : 'cgroupfs')
      const support = cgroupSupport(await readCgroups(driver))
      return support.supported
        ? finding('cgroups', true, support.found, '')
        : finding(
            'cgroups',
            false,
            support.reason,
            `Nodes are simulated here. For real ones: ${support.remedy}`,
            'limited',
          )
    },
    async () => {
      const max = Number(await readFile('/proc/sys/user/max_user_namespaces', 'utf8').catch(() => '0'))
      return finding(
        'user namespaces',
        max > 0,
        `at most ${max}`,
        'Machines are sandboxed in user namespaces: sysctl -w user.max_user_namespaces=65536',
      )
    },
    async () => {
      const filesystems = await readFile('/proc/filesystems', 'utf8')
      const has = filesystems.includes('overlay') || (await canLoad('overlay'))
      return finding('overlay', has, has ? 'yes' : 'no', 'Container images need it: modprobe overlay')
    },
    async () =>
      finding(
        'loop devices',
        await exists('/dev/loop-control'),
        (await exists('/dev/loop-control')) ? 'yes' : 'no',
        'Machine disks are loop mounted: modprobe loop',
      ),
    async () => {
      const path = await run('sh', '-c', 'command -v mkfs.xfs')
      return finding(
        'copy-on-write disks',
        path !== undefined,
        path ? 'XFS with reflinks' : 'none',
        'Machines start a little slower and take more disk: apt-get install xfsprogs',
        'limited',
      )
    },
    async () => {
      const version = await run('iptables', '--version')
      return finding(
        'iptables',
        version !== undefined,
        version ?? 'none',
        'Learners are kept apart with it: apt-get install iptables',
      )
    },
    async () => {
      const has = (await exists('/proc/sys/net/bridge')) || (await canLoad('br_netfilter'))
      return finding(
        'bridge netfilter',
        has,
        has ? 'yes' : 'no',
        'Services on the same node need it: modprobe br_netfilter',
        'limited',
      )
    },
    async () => {
      const ipvs = await exists('/proc/net/ip_vs')
      return finding(
        'IPVS',
        ipvs,
        ipvs ? 'yes' : 'not in this kernel',
        "kube-proxy's ipvs mode will be refused by name; the others work. modprobe ip_vs, where the kernel has it.",
        'limited',
      )
    },
    async () => {
      const gib = totalmem() / GIB
      return finding(
        'memory',
        gib >= 4,
        `${gib.toFixed(1)} GiB, ${(freemem() / GIB).toFixed(1)} free`,
        'A learner with two nodes takes about 320 MiB: few will fit.',
        'limited',
      )
    },
    async () =>
      finding(
        'processors',
        availableParallelism() >= 2,
        `${availableParallelism()}`,
        'One is enough for one learner.',
        'limited',
      ),
    async () => {
      const { bavail, bsize } = await statfs(stateDir).catch(() => statfs('/'))
      const gib = (bavail * bsize) / GIB
      return finding(
        'disk',
        gib >= 10,
        `${gib.toFixed(0)} GiB free for ${stateDir}`,
        'Images and machine disks take about 6 GiB; set PODIUM_HOME to a larger disk.',
        'limited',
      )
    },
  ]
}

export async function examine(stateDir: string): Promise<Finding[]> {
  return Promise.all(examinations(stateDir).map((examination) => examination()))
}

const MARK = { ok: 'ok      ', limited: 'limited ', missing: 'missing ' } as const

export function formatFindings(findings: Finding[]): string {
  const width = Math.max(...findings.map(({ name }) => name.length))
  return findings
    .map(({ name, state, found, remedy }) => {
      const line = `${MARK[state]} ${name.padEnd(width)}  ${found}`
      return remedy ? `${line}\n${' '.repeat(width + 11)}${remedy}` : line
    })
    .join('\n')
}

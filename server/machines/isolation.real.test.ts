// Learner A as an attacker: root on the machine, and root in a privileged pod that shares everything with the machine.
import { existsSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { createServer, type Server } from 'node:net'
import { networkInterfaces } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { Machine } from '../kube/cluster/machine-provider.ts'
import { secondAddressOf } from '../kube/cluster/networking.ts'
import type { DataCentre } from './data-centre.ts'
import type { LearnerNetwork } from './learner-network.ts'
import { runCommand } from './run-command.ts'
import { openTestDataCentre } from './test-data-centre.ts'

const MIB = 1024 ** 2
const LIMITS = { memoryBytes: 700 * MIB, processes: 400, cpus: 1 }
const OPEN = 6443
const CLOSED = 6444

let dataCentre: DataCentre
let registry: string
const networks: Record<string, LearnerNetwork> = {}
const machines: Record<string, Machine> = {}
const servers: Server[] = []
const hostAddress = Object.values(networkInterfaces())
  .flat()
  .find((entry) => entry?.family === 'IPv4' && !entry.internal)?.address

beforeAll(async () => {
  dataCentre = await openTestDataCentre({ machineLimits: LIMITS })
  registry = await dataCentre.registryAddress()
  for (const cluster of ['test-ada', 'test-bob']) {
    await dataCentre.deleteCluster(cluster)
    networks[cluster] = await dataCentre.createNetwork({ cluster, openTcpPorts: [OPEN], openUdpPorts: [53] })
    machines[cluster] = await dataCentre.createMachine({
      cluster,
      name: 'worker',
      ordinal: 1,
      network: network(cluster),
    })
    servers.push(
      await listen(network(cluster).gatewayAddress, OPEN),
      await listen(network(cluster).gatewayAddress, CLOSED),
    )
  }
  servers.push(await listen('0.0.0.0', 6445), await listen('::', 6446))
  await bob(['docker', 'run', '-d', '--name', 'web', '--network', 'host', 'nginx'])
}, 600_000)

afterAll(async () => {
  for (const server of servers) server.close()
  for (const cluster of ['test-ada', 'test-bob']) await dataCentre?.deleteCluster(cluster)
})

const network = (cluster: string) => networks[cluster] as LearnerNetwork
const ada = (command: string[]) => (machines['test-ada'] as Machine).exec(command)
const bob = (command: string[]) => (machines['test-bob'] as Machine).exec(command)

/** A file of the group that holds Ada's machine, wherever this host's cgroups have it; `files` are its names by version. */
async function readGroup(...files: string[]): Promise<string> {
  const directories = dataCentre.cgroups.directories(['test-ada', 'worker'])
  const path = directories.flatMap((directory) => files.map((file) => join(directory, file))).find(existsSync)
  if (!path) throw new Error(`none of ${files.join(', ')} in ${directories.join(', ')}`)
  return (await readFile(path, 'utf8')).trim()
}

function listen(host: string, port: number): Promise<Server> {
  return new Promise((resolve, reject) => {
    const server = createServer((socket) => {
      socket.on('error', () => {})
      socket.end('HTTP/1.0 200 OK\r\n\r\nhello from the host\n')
    })
    server.once('error', reject)
    server.listen({ host, port }, () => resolve(server))
  })
}

/** From a pod that has the machine's network, which is what a pod's traffic looks like to the host. */
async function fetchFromPod(url: string): Promise<string> {
  const { stdout, stderr } = await ada([
    ...['docker', 'run', '--rm', '--network', 'host', 'curlimages/curl', '-sSg', '-m', '2', url],
  ])
  return `${stdout}${stderr}`
}

describe('what a pod of learner A can reach', () => {
  it('is its own gateway on the opened port', async () => {
    expect(await fetchFromPod(`http://${network('test-ada').gatewayAddress}:${OPEN}/`)).toContain('hello from the host')
  })

  it('is a neighbour of learner B for B himself, so that the refusals below mean something', async () => {
    const { stdout } = await bob(['curl', '-s', '-m', '2', 'http://127.0.0.1/'])
    expect(stdout).toContain('Welcome to nginx!')
  })

  it.each([
    { name: 'another port of its gateway', url: () => `http://${network('test-ada').gatewayAddress}:${CLOSED}/` },
    {
      name: 'a port of the host bound to every address, by its gateway',
      url: () => `http://${network('test-ada').gatewayAddress}:6445/`,
    },
    { name: 'the same port by the host’s own address', url: () => `http://${hostAddress}:6445/` },
    { name: 'learner B’s API server', url: () => `http://${network('test-bob').gatewayAddress}:${OPEN}/` },
    { name: 'learner B’s machine', url: () => `http://${machines['test-bob']?.address}/` },
    { name: 'the registry other than by its gateway’s port', url: () => `http://${registry}:5000/` },
    { name: 'the default bridge of the host’s engine', url: () => 'http://172.17.0.1:6445/' },
    { name: 'the world', url: () => 'http://1.1.1.1/' },
    { name: 'a cloud’s metadata service', url: () => 'http://169.254.169.254/' },
  ])('is not $name', async ({ url }) => {
    const answer = await fetchFromPod(url())
    expect(answer).toMatch(/refused|timed out|unreachable|Couldn't connect|Could not connect|Failed to connect/i)
    expect(answer).not.toMatch(/hello|Welcome/)
  })

  it('is not the host’s end of the bridge by IPv6', async () => {
    const inet6 = await runCommand('ip', ['-6', '-o', 'addr', 'show', 'dev', network('test-ada').bridge])
    expect(inet6.trim()).toBe('')
  })

  it('is neither the host nor learner B by IPv6, by whatever hardware address packets are sent', async () => {
    const six = (cluster: string) => secondAddressOf((machines[cluster] as Machine).address)
    const open = (cluster: string) =>
      `sysctl -qw net.ipv6.conf.all.disable_ipv6=0 net.ipv6.conf.eth0.disable_ipv6=0 && ip -6 address replace ${six(cluster)}/96 dev eth0 nodad`
    expect((await ada(['sh', '-c', open('test-ada')])).exitCode).toBe(0)
    expect((await bob(['sh', '-c', open('test-bob')])).exitCode).toBe(0)
    expect((await bob(['ping', '-c1', '-W2', six('test-bob')])).exitCode).toBe(0)
    const { bridge, gatewayAddress } = network('test-ada')
    const ofBridge = async (file: string) => (await readFile(`/sys/class/net/${bridge}/${file}`, 'utf8')).trim()
    const came = async () => Number(await ofBridge('statistics/rx_packets'))
    // Nobody there says where these are: the host is told to be all of them.
    for (const target of [six('test-bob'), secondAddressOf(gatewayAddress), 'fe80::1', '2001:db8::1']) {
      const hardware = ['lladdr', await ofBridge('address'), 'dev', 'eth0', 'nud', 'permanent']
      await ada(['ip', '-6', 'route', 'replace', `${target}/128`, 'dev', 'eth0'])
      expect((await ada(['ip', '-6', 'neighbour', 'replace', target, ...hardware])).exitCode).toBe(0)
      const before = await came()
      const { stdout, exitCode } = await ada([
        'curl',
        '-sg',
        '-m',
        '1',
        `http://[${target}${target.startsWith('fe80') ? '%25eth0' : ''}]:6446/`,
      ])
      expect([target, exitCode === 0, stdout]).toEqual([target, false, ''])
      expect(await came(), 'it came as far as the host').toBeGreaterThan(before)
    }
    for (const exec of [ada, bob]) await exec(['sh', '-c', 'sysctl -qw net.ipv6.conf.all.disable_ipv6=1'])
  })

  it('is not learner B with a forged sender either', async () => {
    const forged = network('test-bob').addresses.machineAddress(9)
    await ada(['ip', 'addr', 'add', `${forged}/32`, 'dev', 'eth0'])
    const { stdout } = await ada([
      'curl',
      '-s',
      '-m',
      '2',
      '--interface',
      forged,
      `http://${network('test-bob').gatewayAddress}:${OPEN}/`,
    ])
    expect(stdout).toBe('')
    await ada(['ip', 'addr', 'del', `${forged}/32`, 'dev', 'eth0'])
  })
})

describe('root on a machine, and root in a privileged pod', () => {
  const privileged = (script: string) => [
    ...[
      'docker',
      'run',
      '--rm',
      '--privileged',
      '--pid',
      'host',
      '--network',
      'host',
      '-v',
      '/:/host',
      'debian',
      'sh',
      '-c',
      script,
    ],
  ]
  const ways = [
    { name: 'the machine', run: (script: string) => ada(['sh', '-c', script]) },
    { name: 'a privileged pod', run: (script: string) => ada(privileged(script)) },
  ]
  const attempts: { name: string; script: string; fromPod?: string }[] = [
    { name: 'core_pattern', script: 'echo "|/bin/sh" > /proc/sys/kernel/core_pattern' },
    {
      name: 'core_pattern by a fresh proc',
      script: 'mkdir -p /tmp/p && mount -t proc proc /tmp/p && echo x > /tmp/p/sys/kernel/core_pattern',
    },
    { name: 'a panic timeout', script: 'echo 1 > /proc/sys/kernel/panic' },
    { name: 'the host’s caches', script: 'echo 3 > /proc/sys/vm/drop_caches' },
    { name: 'sysrq', script: 'echo h > /proc/sysrq-trigger' },
    { name: 'a device node', script: 'mknod /tmp/disk b 254 0 && head -c1 /tmp/disk' },
    { name: 'devices.allow', script: 'echo "b 254:0 rwm" > /sys/fs/cgroup/devices/devices.allow' },
    { name: 'the host’s disk', script: 'mkdir -p /tmp/d && (mount /dev/vda /tmp/d || mount /dev/sda1 /tmp/d)' },
    { name: 'debugfs', script: 'mkdir -p /tmp/g && mount -t debugfs none /tmp/g' },
    { name: 'tracefs', script: 'mkdir -p /tmp/t && mount -t tracefs none /tmp/t' },
    { name: 'the kernel’s log', script: 'dmesg' },
    { name: 'the clock', script: 'date -s 2001-01-01' },
    { name: 'a kernel module', script: 'echo > /tmp/m.ko && insmod /tmp/m.ko || exit 1' },
    {
      name: 'release_agent',
      script: 'mkdir -p /tmp/c && mount -t cgroup -o memory none /tmp/c; echo /x > /tmp/c/release_agent',
    },
    {
      name: 'its own process limit',
      script: 'cd /sys/fs/cgroup; [ ! -d pids ] || cd pids; echo max > pids.max',
      fromPod: 'cd /host/sys/fs/cgroup; [ ! -d pids ] || cd pids; echo max > pids.max',
    },
    {
      name: 'its own share of the processor',
      script: 'cd /sys/fs/cgroup; if [ -e cpu.max ]; then echo max > cpu.max; else echo -1 > cpu/cpu.cfs_quota_us; fi',
      fromPod:
        'cd /host/sys/fs/cgroup; if [ -e cpu.max ]; then echo max > cpu.max; else echo -1 > cpu/cpu.cfs_quota_us; fi',
    },
    {
      name: 'the group above its own',
      script:
        'mkdir -p /tmp/u; mount -t cgroup2 none /tmp/u || mount -t cgroup -o pids none /tmp/u; ls -d /tmp/u/host /tmp/u/podium* /tmp/u/*/podium*',
    },
    {
      name: 'the shared /usr',
      script: 'echo x > /usr/bin/evil',
      fromPod: 'echo x > /host/usr/bin/evil',
    },
    {
      name: 'the host’s Docker socket',
      script: 'docker ps -a --format {{.Names}} | grep ^podium-',
      fromPod: 'ls /host/data || ls /host/run/node',
    },
  ]

  for (const way of ways) {
    it.each(attempts)(`of ${way.name}: is refused $name`, async ({ script, fromPod }) => {
      // A privileged pod's own files and cgroup are the learner's to write; the machine's are what counts.
      const command = way.name === 'the machine' ? script : (fromPod ?? script)
      const { exitCode } = await way.run(`set -e; ${command}`)
      expect(exitCode).not.toBe(0)
    })
  }

  it('cannot reboot the host', async () => {
    const uptime = await runCommand('cat', ['/proc/sys/kernel/random/boot_id'])
    await ada(['sh', '-c', 'echo b > /proc/sysrq-trigger; reboot -f 2>/dev/null; true'])
    expect(await runCommand('cat', ['/proc/sys/kernel/random/boot_id'])).toBe(uptime)
  })

  it('is an unprivileged user outside', async () => {
    const { stdout } = await ada(['cat', '/proc/self/uid_map'])
    const [inside, outside, count] = stdout.trim().split(/\s+/).map(Number)
    expect(inside).toBe(0)
    expect(outside).toBe(network('test-ada').addresses.uidBase)
    expect(count).toBe(65_536)
    expect(network('test-bob').addresses.uidBase).not.toBe(network('test-ada').addresses.uidBase)
  })
})

describe('the limits of a machine', () => {
  it('stop a fork bomb, leave the host and the engine answering, and let it be cleaned up', async () => {
    const bomb = 'b() { b | b & }; b; exec sleep 300'
    await ada(['docker', 'run', '-d', '--name', 'bomb', '--network', 'none', 'busybox', 'sh', '-c', bomb])
    await new Promise((resolve) => setTimeout(resolve, 3000))
    const count = Number(await readGroup('pids.current'))
    expect(count).toBeGreaterThan(200)
    expect(count).toBeLessThanOrEqual(LIMITS.processes)
    const started = Date.now()
    await dataCentre.docker.ping()
    console.log(`the host's engine answers in ${Date.now() - started} ms during the bomb`)
    // From outside: the machine itself may have no process left to give.
    await (machines['test-ada'] as Machine).kill()
    await (machines['test-ada'] as Machine).start()
    expect((await ada(['docker', 'rm', '-f', 'bomb'])).exitCode).toBe(0)
  })

  it('kill what takes too much memory, and not the engine', async () => {
    const hog = await ada(['docker', 'run', '--name', 'hog', '--network', 'none', 'busybox', 'tail', '/dev/zero'])
    expect(hog.exitCode).toBe(137)
    expect((await ada(['docker', 'rm', 'hog'])).exitCode).toBe(0)
    expect((await ada(['docker', 'info', '-f', '{{.Images}}'])).exitCode).toBe(0)
  })

  it('give a pod’s own limit its own OOM kill', async () => {
    await ada([
      'docker',
      'run',
      '--name',
      'small',
      '--memory',
      '32m',
      '--cgroup-parent',
      '/kubepods/small',
      '--network',
      'none',
      'busybox',
      'tail',
      '/dev/zero',
    ])
    const { stdout } = await ada(['docker', 'inspect', '-f', '{{.State.OOMKilled}} {{.State.ExitCode}}', 'small'])
    // On version 2 the engine may look when the count is gone; the kubelet reads that of the group above (oom-kills.ts).
    const { stdout: counted } = await ada(['sh', '-c', 'cat /sys/fs/cgroup/kubepods/small/memory.events || :'])
    if (/^oom_kill 1$/m.test(counted)) expect(stdout.trim()).toMatch(/^(true|false) 137$/)
    else expect(stdout.trim()).toBe('true 137')
    await ada(['docker', 'rm', 'small'])
  })

  it('end a disk at its size', async () => {
    const { exitCode, stderr } = await ada(['fallocate', '-l', '20G', '/var/lib/kubelet/big'])
    expect(exitCode).not.toBe(0)
    expect(stderr).toMatch(/No space left|File too large/)
    await ada(['rm', '-f', '/var/lib/kubelet/big'])
  })

  it('hold the processor to its share', async () => {
    expect((await readGroup('cpu.max', 'cpu.cfs_quota_us')).split(' ')[0]).toBe('100000')
  })

  it('stand above a tree in which the machine may make groups as it likes', async () => {
    const script = 'cd /sys/fs/cgroup; [ ! -d pids ] || cd pids; mkdir mine && echo 5 > mine/pids.max && rmdir mine'
    expect(await ada(['sh', '-c', `set -e; ${script}`])).toMatchObject({ exitCode: 0, stderr: '' })
    expect(await readGroup('pids.max')).toBe(String(LIMITS.processes))
  })

  it('are there again when the host has forgotten them, as it does in a reboot', async () => {
    await (machines['test-ada'] as Machine).stop()
    expect(await dataCentre.cgroups.remove(['test-ada'])).toEqual([])
    await (machines['test-ada'] as Machine).start()
    expect(await readGroup('pids.max')).toBe(String(LIMITS.processes))
    expect(await readGroup('memory.max', 'memory.limit_in_bytes')).toBe(String(LIMITS.memoryBytes))
  })
})

import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { Machine } from '../kube/cluster/machine-provider.ts'
import { type DataCentre, imagesAreReady } from './data-centre.ts'
import { preloadedNames } from './golden-disk.ts'
import type { LearnerNetwork } from './learner-network.ts'
import { marksOf, openTestDataCentre, TEST_STATE_DIR, tracesOf } from './test-data-centre.ts'

const CLUSTER = 'test-machine'

/** Stands in for the node agent: says that it runs and what its configuration is. */
const AGENT = `
import { existsSync, readFileSync, renameSync, writeFileSync } from 'node:fs'
const file = process.argv[process.argv.indexOf('--config') + 1]
const waiting = setInterval(() => {
  if (!existsSync(file)) return
  clearInterval(waiting)
  const seen = { pid: process.pid, config: readFileSync(file, 'utf8'), cwd: process.cwd() }
  // Whole or not at all: the test reads it while the next agent writes it.
  writeFileSync('/run/agent.json.new', JSON.stringify(seen))
  renameSync('/run/agent.json.new', '/run/agent.json')
  setInterval(() => {}, 1e6)
}, 10)
`

let dataCentre: DataCentre
let network: LearnerNetwork
let machine: Machine
let folder: string

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'podium-agent-'))
  await writeFile(join(folder, 'node-agent.mjs'), AGENT)
  dataCentre = await openTestDataCentre({ programs: [join(folder, 'node-agent.mjs')] })
  await dataCentre.deleteCluster(CLUSTER)
  network = await dataCentre.createNetwork({ cluster: CLUSTER, openTcpPorts: [6443], openUdpPorts: [53] })
}, 600_000)

afterAll(async () => {
  await dataCentre?.deleteCluster(CLUSTER)
  await rm(folder, { recursive: true, force: true })
})

const said = async (command: string) => {
  const { stdout, stderr, exitCode } = await machine.exec(['sh', '-c', command])
  return { exitCode, text: `${stdout}${stderr}`.trim() }
}

async function eventually<T>(what: () => Promise<T | undefined>): Promise<T> {
  const deadline = Date.now() + 30_000
  for (;;) {
    const value = await what()
    if (value !== undefined) return value
    if (Date.now() > deadline) throw new Error('the condition never came true')
  }
}

const agent = async () =>
  JSON.parse((await said('cat /run/agent.json')).text) as { pid: number; config: string; cwd: string }

describe('a worker machine', () => {
  it('is known to be buildable without building', async () => {
    const started = Date.now()
    expect(await imagesAreReady({ stateDir: TEST_STATE_DIR })).toBe(true)
    const took = Date.now() - started
    console.log(`image check ${took} ms`)
    // Building takes minutes.
    expect(took).toBeLessThan(20_000)
  })

  it('boots until its engine answers, with every lab image on its disk', async () => {
    const started = Date.now()
    machine = await dataCentre.createMachine({ cluster: CLUSTER, name: 'worker-1', ordinal: 1, network })
    const took = Date.now() - started
    console.log(`machine ready in ${took} ms`)
    const listed = (await said("docker images --format '{{.Repository}}:{{.Tag}}'")).text.split('\n')
    const expected = preloadedNames(dataCentre.images).map((name) => name.replace(/^docker\.io\/(library\/)?/, ''))
    expect(listed.sort()).toEqual(expected.sort())
  })

  it.each([
    { name: 'node 24', command: 'node --version', answer: /^v24\./ },
    {
      name: 'CNI plug-ins where kubelets look',
      command: 'ls /opt/cni/bin/',
      answer: /bridge[\s\S]*host-local[\s\S]*loopback[\s\S]*portmap/,
    },
    {
      name: 'iptables',
      command: 'iptables -w -t nat -N T && iptables -t nat -S T && iptables -t nat -X T',
      answer: /-N T/,
    },
    {
      name: 'nftables',
      command: 'nft add table ip t && nft list tables && nft delete table ip t',
      answer: /table ip t/,
    },
    { name: 'conntrack', command: 'conntrack -L 2>&1 | tail -1', answer: /flow entries have been shown/ },
    { name: 'bridged packets filtered', command: 'cat /proc/sys/net/bridge/bridge-nf-call-iptables', answer: /^1$/ },
    { name: 'forwarding', command: 'cat /proc/sys/net/ipv4/ip_forward', answer: /^1$/ },
    { name: 'its own address', command: 'ip -4 -o addr show eth0', answer: /inet \d+\.\d+\.\d+\.12\/24/ },
    { name: 'its name', command: 'hostname', answer: /^worker-1$/ },
    {
      name: 'its folders',
      command: 'touch /etc/cni/net.d/x /etc/kubernetes/x /var/lib/kubelet/x /var/log/pods/x && echo ok',
      answer: /^ok$/,
    },
  ])('has $name', async ({ command, answer }) => {
    expect((await said(command)).text).toMatch(answer)
  })

  it('runs nginx and answers from it', async () => {
    await said('docker run -d --name web --network host nginx')
    expect((await said('curl -s -m 5 --retry 10 --retry-connrefused http://127.0.0.1')).text).toContain(
      'Welcome to nginx!',
    )
    await said('docker rm -f web')
  })

  it('has a busybox whose wget survives a time-out', async () => {
    const { text } = await said(
      'docker run --rm --network host busybox wget -T 1 -O - http://10.255.255.1/; echo status $?',
    )
    expect(text).toMatch(/^status 1\n[\s\S]*wget: .*timed out/)
  })

  it('pulls a preloaded image by asking for its manifest only, and an on-demand one for real', async () => {
    const started = Date.now()
    expect((await said('docker pull nginx')).text).toContain('Image is up to date')
    console.log(`pull of a preloaded image ${Date.now() - started} ms`)
    expect((await said('docker pull httpd:2.4')).text).toContain('Downloaded newer image')
  })

  it.each(['no-such-image', 'nginx:0.0.1', 'quay.io/nobody/nothing:v1', 'gcr.io/x/y'])(
    'refuses %s clearly and quickly',
    async (image) => {
      const started = Date.now()
      const { exitCode, text } = await said(`docker pull ${image}`)
      expect(exitCode).not.toBe(0)
      expect(text).toContain('not found: manifest unknown')
      // Neither tried again nor waited for in vain.
      expect(Date.now() - started).toBeLessThan(20_000)
    },
  )

  it('cannot push into what others pull', async () => {
    const { exitCode } = await said('docker tag busybox:latest nginx:mine && docker push nginx:mine')
    expect(exitCode).not.toBe(0)
    expect((await said('docker pull nginx:mine')).text).toContain('manifest unknown')
  })
})

describe('the supervisor', () => {
  it('has a node agent waiting, which goes on when the machine has been configured', async () => {
    const waiting = await eventually(
      async () => Number((await said('pgrep -f "^node .*node-agent.mjs"')).text) || undefined,
    )
    expect((await said('ls /run/agent.json')).exitCode).not.toBe(0)
    const started = Date.now()
    await machine.configure([
      { path: '/etc/podium/node.json', mode: 0o600, content: '{"node":1}' },
      { path: '/etc/kubernetes/pki/node.key', mode: 0o600, content: Buffer.from('secret') },
    ])
    await eventually(async () => ((await said('test -e /run/agent.json')).exitCode === 0 ? true : undefined))
    console.log(`agent running ${Date.now() - started} ms after configure`)
    expect(await agent()).toEqual({ pid: waiting, config: '{"node":1}', cwd: '/' })
    expect((await said('stat -c "%a %U" /etc/kubernetes/pki/node.key')).text).toBe('600 root')
  })

  it('starts the node agent again when it dies', async () => {
    const { pid } = await agent()
    await said(`kill -9 ${pid}`)
    await eventually(async () => ((await agent()).pid !== pid ? true : undefined))
  })

  it('gives the node agent a new configuration by a restart, and leaves it be where nothing is new', async () => {
    const files = [{ path: '/etc/podium/node.json', mode: 0o600, content: '{"node":2}' }]
    await machine.configure(files)
    await eventually(async () => ((await agent()).config === '{"node":2}' ? true : undefined))
    const { pid } = await agent()
    const lives = async () => (await said(`test -d /proc/${pid}`)).exitCode === 0
    await machine.configure(files)
    expect(await lives()).toBe(true)
    await machine.configure(files, { isAnew: true })
    expect(await lives()).toBe(false)
    await eventually(async () => ((await agent()).pid !== pid ? true : undefined))
  })

  it('starts the Docker engine again when it dies, and containers outlive that', async () => {
    await said('docker run -d --name lasting --network none busybox sleep 1000')
    const engine = (await said('pgrep -x dockerd')).text
    await said(`kill -9 ${engine}`)
    await eventually(async () => ((await said('docker info')).exitCode === 0 ? true : undefined))
    expect((await said('pgrep -x dockerd')).text).not.toBe(engine)
    expect((await said('docker ps --format {{.Names}}')).text).toBe('lasting')
  })

  it('leaves no orphan unreaped', async () => {
    await said('sh -c "(sleep 0.2 &)"')
    await eventually(async () => ((await said('ps -eo stat,comm | grep "^Z" || true')).text === '' ? true : undefined))
  })
})

describe('a shell on a machine', () => {
  it('is root on a TTY in the machine, and sees its containers', async () => {
    const shell = await dataCentre.openMachineShell({ machine, size: { columns: 90, rows: 20 } })
    let screen = ''
    shell.stream.on('data', (chunk: Buffer) => {
      screen += chunk.toString()
    })
    shell.stream.write('echo "$(id -u)@$(hostname) $(stty size) $(docker ps -q | wc -l)"; exit 4\n')
    expect(await shell.ended).toBe(4)
    expect(screen).toContain('0@worker-1 20 90 1')
  })
})

describe('turning a machine off and on', () => {
  it.each(['stop', 'kill'] as const)('keeps images, files and the configuration over %s and start', async (how) => {
    await said(`echo kept > /root/note-${how}`)
    await machine[how]()
    expect(await machine.state()).toBe('stopped')
    const started = Date.now()
    await machine.start()
    console.log(`started again after ${how} in ${Date.now() - started} ms`)
    expect((await said(`cat /root/note-${how}`)).text).toBe('kept')
    expect((await said('docker image inspect -f ok nginx redis:7 busybox')).text).toBe('ok\nok\nok')
    await eventually(async () => ((await said('test -e /run/agent.json')).exitCode === 0 ? true : undefined))
  })

  it('does not start what has been disabled, until somebody does', async () => {
    expect((await said('systemctl disable kubelet && systemctl is-active kubelet')).text).toBe('active')
    await machine.stop()
    await machine.start()
    expect((await said('systemctl is-enabled kubelet; systemctl is-active kubelet')).text).toBe('disabled\ninactive')
    expect((await said('pgrep -f "^node .*node-agent.mjs"')).text).toBe('')
    await said('systemctl enable --now kubelet')
    await eventually(async () => ((await said('test -e /run/agent.json')).exitCode === 0 ? true : undefined))
    expect((await said('systemctl is-enabled kubelet')).text).toBe('enabled')
  })

  it('is found again by a process that knows nothing', async () => {
    const other = await openTestDataCentre({ programs: [join(folder, 'node-agent.mjs')] })
    const adopted = await other.createNetwork({ cluster: CLUSTER, openTcpPorts: [6443], openUdpPorts: [53] })
    expect(adopted.subnet).toBe(network.subnet)
    const [found] = await other.listMachines(CLUSTER)
    expect(found).toMatchObject({ name: machine.name, address: machine.address, id: machine.id })
    expect((await found?.exec(['hostname']))?.stdout).toBe('worker-1\n')
  })
})

describe('the link of a machine', () => {
  it('can be cut and mended from outside, and its routes survive', async () => {
    const second = await dataCentre.createMachine({ cluster: CLUSTER, name: 'worker-2', ordinal: 2, network })
    await said(`ip route add 10.244.2.0/24 via ${second.address}`)
    const ping = async () => (await said(`ping -c1 -W1 ${second.address}`)).exitCode
    expect(await ping()).toBe(0)
    await machine.link('down')
    expect(await ping()).not.toBe(0)
    await machine.link('up')
    await eventually(async () => ((await ping()) === 0 ? true : undefined))
    await second.delete()
    expect(await second.state()).toBe('gone')
  })
})

describe('deleting a cluster', () => {
  it('leaves nothing of it on the host, and may be repeated', async () => {
    await dataCentre.createTerminal({ cluster: CLUSTER, openTcpPorts: [2379] })
    const traces = await tracesOf(dataCentre, marksOf(network))
    for (const kind of [
      'container ',
      'network ',
      'cgroup ',
      'disk ',
      'link ',
      '-A INPUT',
      '-A DOCKER-USER',
      '/dev/loop',
    ]) {
      expect(
        traces.filter((line) => line.includes(kind)),
        kind,
      ).not.toEqual([])
    }
    const started = Date.now()
    await dataCentre.deleteCluster(CLUSTER)
    console.log(`deleted in ${Date.now() - started} ms`)
    expect(await tracesOf(dataCentre, marksOf(network))).toEqual([])
    await dataCentre.deleteCluster(CLUSTER)
    expect(await machine.state()).toBe('gone')
  })
})

import { createServer, type Server } from 'node:net'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { DataCentre } from './data-centre.ts'
import type { LearnerNetwork } from './learner-network.ts'
import type { TerminalShell } from './shell.ts'
import type { Terminal } from './terminal.ts'
import { openTestDataCentre } from './test-data-centre.ts'

const CLUSTER = 'test-terminal'
const ETCD = 2379
let dataCentre: DataCentre
let network: LearnerNetwork
let terminal: Terminal
let etcdDoor: Server

beforeAll(async () => {
  dataCentre = await openTestDataCentre()
  await dataCentre.deleteCluster(CLUSTER)
  network = await dataCentre.createNetwork({ cluster: CLUSTER, openTcpPorts: [6443], openUdpPorts: [53] })
  etcdDoor = createServer((socket) => socket.on('error', () => {}).end('etcd\n'))
  await new Promise<void>((resolve) => etcdDoor.listen(ETCD, network.gatewayAddress, resolve))
}, 600_000)

afterAll(async () => {
  etcdDoor?.close()
  await dataCentre?.deleteCluster(CLUSTER)
})

/** Reads the screen until `text` is on it. */
function until(shell: TerminalShell, text: string | RegExp): Promise<string> {
  return new Promise((resolve, reject) => {
    let screen = ''
    const timer = setTimeout(() => reject(new Error(`never on the screen: ${text}\n${screen}`)), 15_000)
    const onData = (chunk: Buffer) => {
      screen += chunk.toString()
      if (!(typeof text === 'string' ? screen.includes(text) : text.test(screen))) return
      clearTimeout(timer)
      shell.stream.off('data', onData)
      resolve(screen)
    }
    shell.stream.on('data', onData)
  })
}

describe('a learner’s terminal', () => {
  it('is there in about a second, with its kubeconfig in place and nobody else able to read it', async () => {
    const started = Date.now()
    terminal = await dataCentre.createTerminal({ cluster: CLUSTER, kubeconfig: 'kind: Config\n', openTcpPorts: [ETCD] })
    console.log(`terminal ready in ${Date.now() - started} ms`)
    const { stdout } = await terminal.exec([
      'sh',
      '-c',
      'cat ~/.kube/config; stat -c %a ~/.kube/config; id -un; id -gn',
    ])
    expect(stdout).toBe('kind: Config\n600\nlearner\nlearner\n')
  })

  it('has what it takes to push images, or to make a secret of it', async () => {
    const movedIn = 'until [ -e ~/.docker/config.json ]; do sleep 0.1; done'
    const { stdout } = await terminal.exec(['sh', '-c', `${movedIn}; echo $REGISTRY; stat -c %a ~/.docker/config.json`])
    expect(stdout).toBe(`registry.podium:5000/${CLUSTER}\n600\n`)
    const { stdout: config } = await terminal.exec(['sh', '-c', 'cat ~/.docker/config.json'])
    expect(JSON.parse(config)).toEqual({ auths: { 'registry.podium:5000': { auth: expect.any(String) } } })
  })

  it.each([
    'kubectl version --client',
    'etcdctl version',
    'curl --version',
    'openssl version',
    'jq --version',
    'vim --version',
    'nano --version',
    'dig -v',
    'less --version',
  ])('has %s', async (command) => {
    expect((await terminal.exec(['sh', '-c', command])).exitCode).toBe(0)
  })

  it('is a TTY that follows its window’s size', async () => {
    const shell = await terminal.shell({ columns: 101, rows: 31 })
    const first = until(shell, '31 101')
    shell.stream.write('stty size\n')
    await first
    await shell.resize({ columns: 77, rows: 22 })
    const second = until(shell, '22 77')
    shell.stream.write('stty size\n')
    await second
    shell.stream.write('exit 3\n')
    expect(await shell.ended).toBe(3)
  })

  it('completes kubectl’s commands', async () => {
    const shell = await terminal.shell({ columns: 120, rows: 30 })
    const prompt = until(shell, '$ ')
    await prompt
    const completed = until(shell, 'kubectl rollout ')
    shell.stream.write('kubectl rollo\t')
    await completed
    await shell.close()
  })

  it('takes its processes along when a shell is closed', async () => {
    const shell = await terminal.shell(
      { columns: 80, rows: 24 },
      { command: ['bash', '-c', 'echo up; exec sleep 4321'] },
    )
    await until(shell, 'up')
    await shell.close()
    await shell.ended
    let listed = ''
    for (let tries = 0; tries < 50; tries++) {
      listed = (await terminal.exec(['ps', '-eo', 'args'])).stdout
      if (!listed.includes('sleep 4321')) break
    }
    expect(listed).not.toContain('sleep 4321')
  })

  it('reaches the etcd door, which machines and their pods do not', async () => {
    const url = `telnet://${network.gatewayAddress}:${ETCD}`
    expect((await terminal.exec(['curl', '-s', '-m', '2', url])).stdout).toBe('etcd\n')
    // As a restarted cluster host does, which knows of no terminal.
    await dataCentre.createNetwork({ cluster: CLUSTER, openTcpPorts: [6443], openUdpPorts: [53] })
    expect((await terminal.exec(['curl', '-s', '-m', '2', url])).stdout).toBe('etcd\n')
    const machine = await dataCentre.createMachine({ cluster: CLUSTER, name: 'worker', ordinal: 1, network })
    const refused = await machine.exec(['curl', '-sS', '-m', '2', url])
    expect(refused.stderr).toMatch(/refused|Failed to connect|Couldn't connect/)
    await machine.delete()
  })

  it.each([
    { name: 'has no capability left', command: 'grep CapBnd /proc/self/status', answer: /CapBnd:\s0+$/ },
    { name: 'cannot change its system', command: 'touch /usr/bin/x 2>&1 || true', answer: /Read-only/ },
    {
      name: 'cannot reach the world',
      command: 'curl -sS -m 2 http://1.1.1.1 2>&1 || true',
      answer: /Failed to connect|Couldn't connect|timed out|Could not connect/,
    },
    {
      name: 'cannot become root',
      command: 'su -c id 2>&1 || true',
      answer: /Authentication failure|Permission denied|must be run|cannot/i,
    },
  ])('$name', async ({ command, answer }) => {
    expect((await terminal.exec(['sh', '-c', command])).stdout.trim()).toMatch(answer)
  })

  it('keeps the home directory when the container is made anew, and ends it at its size', async () => {
    await terminal.exec(['sh', '-c', 'echo mine > ~/notes.txt'])
    const { stderr } = await terminal.exec(['sh', '-c', 'fallocate -l 2G ~/big'])
    expect(stderr).toMatch(/No space left|File too large/)
    await terminal.exec(['rm', '-f', '/home/learner/big'])
    await terminal.delete()
    terminal = await dataCentre.createTerminal({ cluster: CLUSTER })
    expect((await terminal.exec(['cat', '/home/learner/notes.txt'])).stdout).toBe('mine\n')
    const adopted = await dataCentre.createTerminal({ cluster: CLUSTER })
    expect(adopted.id).toBe(terminal.id)
  })
})

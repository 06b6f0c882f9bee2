// Everything that streams, with the kubectl people have: the oldest speaks SPDY only, the newest WebSocket.

import { type ChildProcess, spawn } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { connect } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { buffer } from 'node:stream/consumers'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { type KubectlVersion, kubectl, podium, root, words } from './support/commands.ts'
import { until } from './support/until.ts'

const CLUSTER = 'e2e-streams'
const PORT = 4321
let directory: string
let kubeconfig: string
const children: ChildProcess[] = []

/** On the loopback only: whoever dials the pod's address finds nobody. Answers with what it heard, when it heard all. */
const SERVER = `
import socket, threading
server = socket.create_server(('127.0.0.1', ${PORT}))
def serve(peer):
    heard = b''
    while chunk := peer.recv(65536): heard += chunk
    peer.sendall(heard)
    peer.close()
while True: threading.Thread(target=serve, args=(server.accept()[0],)).start()
`
const MANIFEST = `
apiVersion: v1
kind: Pod
metadata: {name: echo}
spec:
  terminationGracePeriodSeconds: 1
  containers:
  - name: echo
    image: python
    command: [python3, -c, "${SERVER.trim().replaceAll('\n', '\\n')}"]
---
apiVersion: v1
kind: Pod
metadata: {name: box}
spec:
  terminationGracePeriodSeconds: 1
  containers: [{name: box, image: busybox, command: [sleep, '100000']}]
`

const kube = (args: string, options?: Parameters<ReturnType<typeof kubectl>>[1]) =>
  kubectl('1.36', kubeconfig)(args, options)

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'podium-e2e-'))
  kubeconfig = join(directory, 'kubeconfig.yaml')
  await podium('cluster', 'create', CLUSTER, '--nodes', '1', '--kubeconfig', kubeconfig)
  const applied = await kube('apply -f -', { input: MANIFEST })
  expect(applied.code, applied.stderr).toBe(0)
  const ready = await kube('wait pods --all --for=condition=Ready --timeout=60s')
  expect(ready.code, ready.stderr + (await kube('describe pods')).stdout).toBe(0)
})
afterEach(() => {
  for (const child of children.splice(0)) child.kill('SIGKILL')
})
afterAll(async () => {
  await podium('cluster', 'delete', CLUSTER)
  await rm(directory, { recursive: true, force: true })
})

function start(version: KubectlVersion, args: string, env: Record<string, string> = {}): ChildProcess {
  const child = spawn(join(root, '.cache', 'bin', `kubectl-${version}`), ['--kubeconfig', kubeconfig, ...words(args)], {
    env: { ...process.env, KUBECACHEDIR: `${kubeconfig}.cache-${version}`, ...env },
  })
  children.push(child)
  return child
}

const WAYS: { version: KubectlVersion; by: string; env: Record<string, string> }[] = [
  { version: '1.36', by: 'WebSocket', env: {} },
  {
    version: '1.36',
    by: 'SPDY',
    env: { KUBECTL_PORT_FORWARD_WEBSOCKETS: 'false', KUBECTL_REMOTE_COMMAND_WEBSOCKETS: 'false' },
  },
  { version: '1.32', by: 'WebSocket', env: {} },
  { version: '1.20', by: 'SPDY', env: {} },
]

describe.each(WAYS)('kubectl $version over $by', ({ version, env }) => {
  const run = async (args: string, input: Buffer | string = '') => {
    const child = start(version, args, env)
    child.stdin!.on('error', () => undefined)
    child.stdin!.end(input)
    const [stdout, stderr, [code]] = await Promise.all([
      buffer(child.stdout!),
      buffer(child.stderr!),
      once(child, 'exit'),
    ])
    return { code, stdout, stderr: stderr.toString() }
  }

  it('runs a command: what goes in, what comes out, how it ends', async () => {
    const said = randomBytes(3_000_000)
    const cat = await run('exec -i box -- cat', said)
    expect(cat).toMatchObject({ code: 0, stderr: expect.not.stringContaining('rror') })
    expect(cat.stdout.equals(said)).toBe(true)
    const failed = await run(`exec box -- sh -c 'echo out; echo bad >&2; exit 7'`)
    expect(failed.code).toBe(7)
    expect(failed.stdout.toString()).toBe('out\n')
    expect(failed.stderr).toMatch(/^bad\ncommand terminated with exit code 7/)
  })

  it('forwards a port to the loopback of a pod: many connections, each half by itself', async () => {
    const forward = start(version, `port-forward echo :${PORT}`, env)
    let said = ''
    forward.stdout!.on('data', (chunk) => (said += chunk))
    forward.stderr!.on('data', (chunk) => (said += chunk))
    const local = Number(await until('the port is forwarded', async () => /127\.0\.0\.1:(\d+) ->/.exec(said)?.[1]))
    const sent = Array.from({ length: 8 }, () => randomBytes(1_000_000))
    const heard = await Promise.all(
      sent.map((content) => {
        const socket = connect({ port: local, host: '127.0.0.1', allowHalfOpen: true })
        socket.end(content)
        return buffer(socket)
      }),
    )
    expect(sent.map((content, index) => heard[index]?.equals(content))).toEqual(sent.map(() => true))
    expect(said).not.toMatch(/rror/)
  })

  it('says why nobody answers at a port', async () => {
    const forward = start(version, 'port-forward echo :81', env)
    let said = ''
    forward.stdout!.on('data', (chunk) => (said += chunk))
    forward.stderr!.on('data', (chunk) => (said += chunk))
    const local = Number(await until('the port is forwarded', async () => /127\.0\.0\.1:(\d+) ->/.exec(said)?.[1]))
    expect(await buffer(connect(local, '127.0.0.1'))).toHaveLength(0)
    await until('it says why', async () => /error forwarding port 81 to pod \w+, uid : .*connection refused/.test(said))
  })
})

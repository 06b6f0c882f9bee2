// Everything that streams, with the kubectl people have: the oldest speaks SPDY only, the newest WebSocket.

import { type ChildProcess, spawn } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { readFile, rm, writeFile } from 'node:fs/promises'
import { connect } from 'node:net'
import { join } from 'node:path'
import { PassThrough } from 'node:stream'
import { buffer, text } from 'node:stream/consumers'
import { Exec, KubeConfig, PortForward, type V1Status } from '@kubernetes/client-node'
import { afterEach, beforeAll, describe, expect, it } from 'vitest'
import { type KubectlVersion, kubectl, root, words } from './support/commands.ts'
import { ownCluster } from './support/own-cluster.ts'
import { until } from './support/until.ts'

const cluster = ownCluster('e2e-streams', '--nodes', '1')
const PORT = 4321
const COPY_BYTES = Number(process.env.PODIUM_COPY_MB ?? 30) * 1_000_000
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
metadata: {name: web, labels: {app: web}}
spec:
  terminationGracePeriodSeconds: 1
  containers: [{name: web, image: nginx, ports: [{containerPort: 80}]}]
---
apiVersion: v1
kind: Service
metadata: {name: web}
spec:
  selector: {app: web}
  ports: [{port: 8080, targetPort: 80}]
---
apiVersion: v1
kind: Pod
metadata: {name: box}
spec:
  terminationGracePeriodSeconds: 1
  containers: [{name: box, image: busybox, command: [sleep, '100000']}]
---
apiVersion: v1
kind: Pod
metadata: {name: talker}
spec:
  terminationGracePeriodSeconds: 1
  containers: [{name: talker, image: busybox, command: [sh], stdin: true, tty: true}]
`

async function succeeds(args: string): Promise<void> {
  const { code, stdout, stderr } = await kube(args)
  expect(code, `kubectl ${args}\n${stdout}${stderr}`).toBe(0)
}

const kube = (args: string, options?: Parameters<ReturnType<typeof kubectl>>[1]) =>
  kubectl('1.36', cluster.kubeconfig)(args, options)

beforeAll(async () => {
  const applied = await kube('apply -f -', { input: MANIFEST })
  expect(applied.code, applied.stderr).toBe(0)
  const ready = await kube('wait pods --all --for=condition=Ready --timeout=60s')
  expect(ready.code, ready.stderr + (await kube('describe pods')).stdout).toBe(0)
})
afterEach(() => {
  for (const child of children.splice(0)) child.kill('SIGKILL')
})

function start(version: KubectlVersion, args: string, env: Record<string, string> = {}): ChildProcess {
  const child = spawn(
    join(root, '.cache', 'bin', `kubectl-${version}`),
    ['--kubeconfig', cluster.kubeconfig, ...words(args)],
    {
      env: { ...process.env, KUBECACHEDIR: `${cluster.kubeconfig}.cache-${version}`, ...env },
    },
  )
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

it('runs a command for the official client library, and says how it ended', async () => {
  const config = new KubeConfig()
  config.loadFromFile(cluster.kubeconfig)
  const [stdin, stdout, stderr] = [new PassThrough(), new PassThrough(), new PassThrough()]
  const said = Promise.all([text(stdout), text(stderr)])
  const command = ['sh', '-c', 'read line; echo "got $line"; echo bad >&2; exit 3']
  const ended = new Promise<V1Status>((resolve, reject) => {
    new Exec(config).exec('default', 'box', 'box', command, stdout, stderr, stdin, false, resolve).catch(reject)
  })
  stdin.write('a word\n')
  const status = await ended
  for (const stream of [stdout, stderr]) stream.end()
  expect(await said).toEqual(['got a word\n', 'bad\n'])
  expect(status).toMatchObject({
    status: 'Failure',
    reason: 'NonZeroExitCode',
    details: { causes: [{ reason: 'ExitCode', message: '3' }] },
  })
})

it('forwards a port for the official client library', async () => {
  const config = new KubeConfig()
  config.loadFromFile(cluster.kubeconfig)
  const [input, output, errors] = [new PassThrough(), new PassThrough(), new PassThrough()]
  const answered = text(output)
  const socket = await new PortForward(config).portForward('default', 'web', [80], output, errors, input)
  const closed = new Promise<void>((resolve) => Object.assign(socket, { onclose: () => resolve() }))
  input.write('GET / HTTP/1.0\r\n\r\n')
  await closed
  for (const stream of [output, errors]) stream.end()
  expect(await answered).toContain('Welcome to nginx!')
})

describe.each(WAYS)('kubectl $version over $by', ({ version, by, env }) => {
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

  const forward = async (pod: string, port: number) => {
    const child = start(version, `port-forward ${pod} :${port}`, env)
    let said = ''
    for (const stream of [child.stdout!, child.stderr!]) {
      stream.on('data', (chunk) => {
        said += chunk
      })
    }
    const local = await until('the port is forwarded', async () => /127\.0\.0\.1:(\d+) ->/.exec(said)?.[1])
    return { child, local: Number(local), said: () => said }
  }
  /** Under a terminal of 33 lines; what is typed is typed once the other end has answered. */
  const terminal = async (args: string, typed: string[] = [], seen = '') => {
    const program = `${join(root, '.cache', 'bin', `kubectl-${version}`)} --kubeconfig ${cluster.kubeconfig} ${args}`
    const child = spawn('script', ['-qec', `stty rows 33 cols 77; ${program}`, '/dev/null'], {
      env: { ...process.env, KUBECACHEDIR: `${cluster.kubeconfig}.cache-${version}`, ...env },
    })
    children.push(child)
    let stdout = ''
    child.stdout!.on('data', (chunk) => {
      stdout += chunk
      if (seen && stdout.includes(seen)) child.kill('SIGTERM')
    })
    for (const line of typed) child.stdin!.write(line)
    const [code] = await once(child, 'exit')
    return { code, stdout }
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
    const { local, said } = await forward('echo', PORT)
    const sent = Array.from({ length: 8 }, () => randomBytes(1_000_000))
    const heard = await Promise.all(
      sent.map((content) => {
        const socket = connect({ port: local, host: '127.0.0.1', allowHalfOpen: true })
        socket.end(content)
        return buffer(socket)
      }),
    )
    expect(sent.map((content, index) => heard[index]?.equals(content))).toEqual(sent.map(() => true))
    expect(said()).not.toMatch(/rror/)
  })

  it('says why nobody answers at a port', async () => {
    const { local, said } = await forward('echo', 81)
    expect(await buffer(connect(local, '127.0.0.1'))).toHaveLength(0)
    await until('it says why', async () =>
      /error forwarding port 81 to pod \w+, uid : .*connection refused/.test(said()),
    )
  })

  it('ends a forward when its pod goes', async () => {
    const pod = `going-${version.replace('.', '-')}-${by.toLowerCase()}`
    await succeeds(`run ${pod} --image=busybox --grace-period=1 -- sleep 100000`)
    await succeeds(`wait pod ${pod} --for=condition=Ready --timeout=60s`)
    const { child, said } = await forward(pod, PORT)
    const ended = once(child, 'exit')
    await succeeds(`delete pod ${pod} --grace-period=1 --wait=false`)
    await ended
    expect(said()).toMatch(/lost connection to pod/)
  })

  it('copies big files both ways', async () => {
    const [there, back] = [
      join(cluster.directory, `there-${version}-${by}`),
      join(cluster.directory, `back-${version}-${by}`),
    ]
    const content = randomBytes(COPY_BYTES)
    await writeFile(there, content)
    const started = performance.now()
    const into = await run(`cp ${there} box:/tmp/copy`)
    expect(into).toMatchObject({ code: 0 })
    const halfway = performance.now()
    const outOf = await run(`cp box:/tmp/copy ${back}`)
    expect(outOf).toMatchObject({ code: 0 })
    const rate = (ms: number) => `${Math.round(COPY_BYTES / 1000 / ms)} MB/s`
    console.log(`kubectl ${version} by ${by}: in ${rate(halfway - started)}, out ${rate(performance.now() - halfway)}`)
    expect((await readFile(back)).equals(content)).toBe(true)
    await Promise.all([rm(there), rm(back)])
  })

  it('gives a terminal of the right size, and what is typed', async () => {
    // The size comes a moment after the command has begun, as upstream.
    const sized = await terminal(`exec -it echo -- sh -c 'until [ "$(stty size)" = "33 77" ]; do :; done; tty'`)
    expect(sized.stdout).toMatch(/\/dev\/pts\//)
    const attached = await terminal('attach -it talker', ['echo $((40+2))-attached\n'], '42-attached')
    expect(attached.stdout).toMatch(/42-attached/)
  })

  it('runs a pod for one command, with its exit code, and removes it', async () => {
    const pod = `once-${version.replace('.', '-')}-${by.toLowerCase()}`
    const { code, stdout } = await terminal(
      `run -it --rm ${pod} --image=busybox --restart=Never -- sh -c "sleep 1; echo said; exit 3"`,
    )
    expect(stdout).toMatch(/said[\s\S]*pod .* deleted/)
    expect(code).toBe(3)
  })

  it('slows a command down when nobody reads', async () => {
    const rounds = 300
    const child = start(
      version,
      `exec box -- sh -c 'i=0; while [ $i -lt ${rounds} ]; do head -c 131072 /dev/zero; i=$((i+1)); echo $i > /tmp/round; done'`,
      env,
    )
    await once(child.stdout!, 'readable')
    const round = async () => Number((await kube('exec box -- cat /tmp/round')).stdout)
    let before = -1
    const stopped = await until('the command has stopped', async () => {
      const now = await round()
      const same = now === before && now
      before = now
      return same
    })
    expect(stopped).toBeLessThan(rounds / 2)
    expect(await buffer(child.stdout!)).toHaveLength(rounds * 131072)
  })

  it('ends the input of a command whose client has gone', async () => {
    const child = start(version, `exec -i box -- sh -c 'echo here; cat; echo over > /tmp/over-${version}-${by}'`, env)
    await once(child.stdout!, 'data')
    child.kill('SIGKILL')
    await until(
      'the command has ended',
      async () => (await kube(`exec box -- cat /tmp/over-${version}-${by}`)).code === 0,
    )
  })
})

describe('the proxy subresource', () => {
  const raw = async (path: string) => {
    const { code, stdout, stderr } = await kube(`get --raw ${path}`)
    return code === 0 ? stdout : stderr
  }

  it('reaches a service, a pod and the kubelet of a node', async () => {
    await until('the service has an endpoint', async () => /10\.244/.test((await kube('get endpoints web')).stdout))
    for (const name of ['services/web', 'services/web:8080', 'services/http:web:8080', 'pods/web', 'pods/web:80']) {
      expect(await raw(`/api/v1/namespaces/default/${name}/proxy/`), name).toContain('Welcome to nginx!')
    }
    expect(await raw('/api/v1/nodes/node-1/proxy/healthz')).toBe('ok')
    expect(await raw('/api/v1/nodes/node-1/proxy/pods')).toContain('"PodList"')
  })

  it('says what is wrong, in the words of who was asked', async () => {
    const proxied = (name: string) => raw(`/api/v1/namespaces/default/${name}/proxy/missing`)
    expect(await proxied('services/web:81')).toMatch(/no service port 81 found for service "web"/)
    expect(await proxied('services/nobody')).toMatch(/services "nobody" not found/)
    expect(await proxied('pods/web:81')).toMatch(/dial tcp 10\.244\.\d+\.\d+:81: connect: connection refused/)
    expect(await proxied('pods/web')).toMatch(/404|could not find/)
  })

  it('is what kubectl proxy opens to a browser', async () => {
    const proxy = start('1.36', 'proxy --port=0')
    let said = ''
    proxy.stdout!.on('data', (chunk) => {
      said += chunk
    })
    const port = await until('kubectl proxy listens', async () => /127\.0\.0\.1:(\d+)/.exec(said)?.[1])
    const page = await fetch(`http://127.0.0.1:${port}/api/v1/namespaces/default/services/web:8080/proxy`)
    expect(page.url).toMatch(/\/proxy\/$/)
    expect(await page.text()).toContain('Welcome to nginx!')
  })
})

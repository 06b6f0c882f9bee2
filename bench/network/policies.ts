// Runs inside a container of the machine image, in a network of its own: what network policies cost a packet between two
// pods, here two networks behind one router. All policies select the server; only the last lets the client in. Prints
// one JSON line for each number of policies and round.

import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { connect, createServer } from 'node:net'
import type { NetworkPolicy } from 'kubernetes-types/networking/v1'
import { changeScripts, type Written, written } from '../../server/kube/network-policy/nft-text.ts'
import type { PodFacts } from '../../server/kube/network-policy/pod-facts.ts'
import { tableOf } from '../../server/kube/network-policy/policy-table.ts'
import { createLinuxNodeOs } from '../../server/kube/node-os/linux-node-os.ts'

const PORT = 8080
const CALLERS = 8
const COUNTS = [0, 1, 100, 1000]
const ROUNDS = 3
const MEASURED_MS = 2_000
const CHUNK = Buffer.alloc(256 * 1024)
const SERVER = '10.244.1.2'
const pods: PodFacts[] = ['client', 'server'].map((name, nth) => ({
  namespace: 'default',
  name,
  labels: { app: name },
  node: 'here',
  addresses: [`10.244.${nth}.2`],
  ports: [],
}))

const program = [process.execPath, ...process.execArgv, import.meta.filename]
if (process.argv[2] === 'server') {
  const listen = (port: number, answer: string) =>
    once(
      createServer((socket) => (answer ? socket.end(answer) : socket).on('error', () => undefined).resume()).listen(
        port,
      ),
      'listening',
    )
  await Promise.all([listen(PORT, 'x'), listen(PORT + 1, '')])
  process.once('disconnect', () => process.exit(0))
  process.send?.('ready')
} else if (process.argv[2] === 'client') {
  process.once('disconnect', () => process.exit(0))
  process.on('message', async () =>
    process.send?.({ calls: await callsPerSecond(), megabytes: await megabytesPerSecond() }),
  )
} else await measureAll()

async function measureAll(): Promise<void> {
  const os = createLinuxNodeOs()
  const run = async (line: string, input = '') => {
    const [command = '', ...args] = line.split(' ')
    const { exitCode, stderr } = await os.run(command, args, { input })
    if (exitCode !== 0) throw new Error(`${line}: ${stderr}`)
  }
  const beings = new Map<string, ChildProcess>()
  for (const [nth, { name }] of pods.entries()) {
    await run(`ip netns add ${name}`)
    await run(`ip link add ${name} type veth peer name eth0 netns ${name}`)
    await run(`ip address add 10.244.${nth}.1/24 dev ${name}`)
    await run(`ip link set ${name} up`)
    await run(`ip -n ${name} address add 10.244.${nth}.2/24 dev eth0`)
    await run(`ip -n ${name} link set eth0 up`)
    await run(`ip -n ${name} route add default via 10.244.${nth}.1`)
    const stdio = ['ignore', 2, 2, 'ipc'] as const
    beings.set(name, spawn('nsenter', [`--net=/run/netns/${name}`, ...program, name], { stdio: [...stdio] }))
  }
  await once(beings.get('server')!, 'message')
  const client = beings.get('client')!
  let before: Written | 'nothing' = 'nothing'
  for (const count of Array.from({ length: ROUNDS }, () => COUNTS).flat()) {
    const table = tableOf({ policies: policies(count), pods, namespaces: new Map([['default', {}]]) }, 'here')
    const wanted = table && written(table)
    for (const script of changeScripts(before, wanted)) await run('nft -f -', script)
    before = wanted ?? 'nothing'
    client.send('measure')
    const [told] = (await once(client, 'message')) as [{ calls: number; megabytes: number }]
    process.stdout.write(`${JSON.stringify({ count, ...told })}\n`)
  }
  for (const being of beings.values()) being.disconnect()
}

function policies(count: number): NetworkPolicy[] {
  return Array.from({ length: count }, (_, nth) => ({
    metadata: { namespace: 'default', name: `policy-${String(nth).padStart(4, '0')}` },
    spec: {
      podSelector: { matchLabels: { app: 'server' } },
      ingress: [{ from: [{ podSelector: { matchLabels: { app: nth === count - 1 ? 'client' : 'nobody' } } }] }],
    },
  }))
}

async function callsPerSecond(): Promise<number> {
  const until = performance.now() + MEASURED_MS
  let calls = 0
  const caller = async () => {
    while (performance.now() < until) {
      await once(connect(PORT, SERVER).resume(), 'close')
      calls++
    }
  }
  await Promise.all(Array.from({ length: CALLERS }, caller))
  return Math.round((calls * 1000) / MEASURED_MS)
}

async function megabytesPerSecond(): Promise<number> {
  const socket = connect(PORT + 1, SERVER)
  await once(socket, 'connect')
  const from = performance.now()
  while (performance.now() - from < MEASURED_MS) if (!socket.write(CHUNK)) await once(socket, 'drain')
  const seconds = (performance.now() - from) / 1000
  const sent = socket.bytesWritten - socket.writableLength
  socket.destroy()
  return Math.round(sent / 1e6 / seconds)
}

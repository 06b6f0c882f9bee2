// Runs inside a container of the machine image, in a network of its own: what network policies cost a packet between two
// pods, here two networks behind one router. All policies select the server; only the last lets the client in. Prints
// one JSON line for each number of policies and round.

import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import type { NetworkPolicy } from 'kubernetes-types/networking/v1'
import { changeScripts, type Written, written } from '../../server/kube/network-policy/nft-text.ts'
import type { PodFacts } from '../../server/kube/network-policy/pod-facts.ts'
import { tableOf } from '../../server/kube/network-policy/policy-table.ts'
import { createLinuxNodeOs } from '../../server/kube/node-os/linux-node-os.ts'
import { answer, type Measured, measure, podAt } from './load.ts'

const COUNTS = [0, 1, 100, 1000]
const ROUNDS = 3
const MEASURED_MS = 2_000
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
  await answer()
  process.once('disconnect', () => process.exit(0))
  process.send?.('ready')
} else if (process.argv[2] === 'client') {
  process.once('disconnect', () => process.exit(0))
  process.on('message', async () => process.send?.(await measure(podAt(SERVER), MEASURED_MS)))
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
    const [told] = (await once(client, 'message')) as [Measured]
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

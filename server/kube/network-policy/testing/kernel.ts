// Runs inside a container of the machine image, in a network of its own: pods that are nothing but networks behind one
// router, with addresses of both families. Reads what to try from its input, writes the tables of each turn into the
// kernel one after the other, as a machine does, and says which connections were answered.

import { type ChildProcess, spawn } from 'node:child_process'
import { createSocket } from 'node:dgram'
import { once } from 'node:events'
import { connect, createServer, isIPv6 } from 'node:net'
import { text } from 'node:stream/consumers'
import type { Namespace, Pod } from 'kubernetes-types/core/v1'
import type { NetworkPolicy } from 'kubernetes-types/networking/v1'
import { createLinuxNodeOs } from '../../node-os/linux-node-os.ts'
import { changeScripts, type Written, written } from '../nft-text.ts'
import { factsOf } from '../pod-facts.ts'
import { tableOf } from '../policy-table.ts'
import type { Connection } from './documented.ts'

export interface Trial {
  pods: Pod[]
  namespaces: Namespace[]
  node: string
  turns: { policies: NetworkPolicy[]; connections: Connection[] }[]
}

const TCP = [80, 8080]
const UDP = 53
/** Longer than a lost packet is waited for before it is sent again. */
const PATIENCE_MS = 2_500

if (process.argv[2] === 'pod') await bePod()
else process.stdout.write(`${JSON.stringify(await tryAll(JSON.parse(await text(process.stdin)) as Trial))}\n`)

async function tryAll({ pods, namespaces, node, turns }: Trial): Promise<boolean[][]> {
  const os = createLinuxNodeOs()
  const run = async (line: string, input = '') => {
    const [command = '', ...args] = line.split(' ')
    const { exitCode, stderr } = await os.run(command, args, { input })
    if (exitCode !== 0) throw new Error(`${line}\n${input}\n${stderr}`)
  }
  const processes = new Map<string, ChildProcess>()
  for (const [nth, { status }] of pods.entries()) {
    const net = `pod${nth}`
    const inside = `ip -n ${net}`
    await run(`ip netns add ${net}`)
    await run(`ip link add ${net} type veth peer name eth0 netns ${net}`)
    for (const line of [`ip link set ${net} up`, `${inside} link set lo up`, `${inside} link set eth0 up`])
      await run(line)
    for (const { ip = '' } of status?.podIPs ?? []) {
      const [bits, gateway] = isIPv6(ip) ? [64, `fd00:${nth}::1`] : [24, `10.244.${nth}.1`]
      const [own, its] = isIPv6(ip) ? ['ip -6', `ip -6 -n ${net}`] : ['ip', inside]
      const noWait = isIPv6(ip) ? ' nodad' : ''
      await run(`${own} address add ${gateway}/${bits} dev ${net}${noWait}`)
      await run(`${its} address add ${ip}/${bits} dev eth0${noWait}`)
      await run(`${its} route add default via ${gateway}`)
    }
    const program = [process.execPath, ...process.execArgv, import.meta.filename, 'pod']
    const pod = spawn('nsenter', [`--net=/run/netns/${net}`, ...program], { stdio: ['ignore', 2, 2, 'ipc'] })
    await once(pod, 'message')
    for (const { ip = '' } of status?.podIPs ?? []) processes.set(ip, pod)
  }
  const spaces = new Map(namespaces.map(({ metadata }) => [metadata?.name ?? '', metadata?.labels ?? {}]))
  const facts = pods.flatMap((pod) => factsOf(pod) ?? [])
  let before: Written | 'nothing' = 'nothing'
  const results: boolean[][] = []
  for (const { policies, connections } of turns) {
    const table = tableOf({ policies, pods: facts, namespaces: spaces }, node)
    const wanted = table && written(table)
    for (const script of changeScripts(before, wanted)) await run('nft -f -', script)
    before = wanted ?? 'nothing'
    const answers = [...Map.groupBy(connections, ({ from }) => processes.get(from)!)].map(async ([pod, own]) => {
      pod.send(own)
      const [told] = (await once(pod, 'message')) as [boolean[]]
      return own.map((connection, index) => [connection, told[index]!] as const)
    })
    const answered = new Map((await Promise.all(answers)).flat())
    results.push(connections.map((connection) => answered.get(connection)!))
  }
  for (const pod of processes.values()) pod.kill()
  return results
}

/** Answers what it is sent, and tries what it is told to. */
async function bePod(): Promise<void> {
  for (const port of TCP) await once(createServer((socket) => socket.pipe(socket)).listen(port, '::'), 'listening')
  const echo = createSocket('udp6')
  echo.on('message', (data, { port, address }) => echo.send(data, port, address))
  await once(echo.bind(UDP, '::'), 'listening')
  process.on('message', async (connections: Connection[]) => {
    process.send?.(
      await Promise.all(connections.map((one) => (one.protocol === 'TCP' ? isAnswered(one) : isEchoed(one)))),
    )
  })
  process.once('disconnect', () => process.exit(0))
  process.send?.('ready')
}

function isAnswered({ to: host, port }: Connection): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ host, port, timeout: PATIENCE_MS })
    const end = (answer: boolean) => {
      socket.destroy()
      resolve(answer)
    }
    socket.once('connect', () => socket.write('x'))
    socket.once('data', () => end(true))
    socket.once('error', () => end(false))
    socket.once('timeout', () => end(false))
  })
}

function isEchoed({ to: host, port }: Connection): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = createSocket(isIPv6(host) ? 'udp6' : 'udp4')
    const again = setInterval(() => socket.send('x', port, host), 400)
    const end = (answer: boolean) => {
      clearInterval(again)
      clearTimeout(late)
      socket.close()
      resolve(answer)
    }
    const late = setTimeout(() => end(false), PATIENCE_MS)
    socket.once('message', () => end(true))
    socket.once('error', () => end(false))
    socket.send('x', port, host)
  })
}

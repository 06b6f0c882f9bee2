// Runs inside a container of the machine image, in a network of its own: what it costs to watch the connections of a machine,
// and how many of them are seen. Another process calls at a steady pace; this one does all that agent and classroom do with
// what conntrack tells, and nft of calls that a rule refuses, but for the wire between them. Prints one JSON line for each turn.

import { type ChildProcess, execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import { connect, createServer } from 'node:net'
import { systemClock } from '../../server/base/clock.ts'
import { noLogger } from '../../server/base/logger.ts'
import type { ConnectionListener, ConnectionNews } from '../../server/kube/network/connection-news.ts'
import { ConnectionWatch } from '../../server/kube/network/connection-watch.ts'
import { StopWatch } from '../../server/kube/network/stop-watch.ts'
import { createLinuxNodeOs } from '../../server/kube/node-os/linux-node-os.ts'
import { Addresses } from '../../server/observe/network/addresses.ts'
import { ConnectionJoin } from '../../server/observe/network/connection-join.ts'
import { whyStopped } from '../../server/observe/network/why-stopped.ts'
import { cpuSeconds } from '../cpu-seconds.ts'

const PORT = 8080
const REFUSED = '10.96.0.7'
const TURNS = [
  { pace: 100, host: '127.0.0.1' },
  { pace: 500, host: '127.0.0.1' },
  { pace: 1000, host: '127.0.0.1' },
  { pace: 500, host: REFUSED },
]
const MEASURED_MS = 10_000
const EVERY_MS = 20

if (process.argv[2] === 'load') {
  const [pace, host = ''] = [Number(process.argv[3]), process.argv[4]]
  await once(createServer((socket) => socket.on('error', () => undefined).end()).listen(PORT, '127.0.0.1'), 'listening')
  process.send?.('ready')
  await once(process, 'message')
  const begun = performance.now()
  let called = 0
  let over = 0
  const pacer = setInterval(() => {
    const due = Math.min((Math.min(performance.now() - begun, MEASURED_MS) / 1000) * pace, (MEASURED_MS / 1000) * pace)
    for (; called < Math.floor(due); called++) {
      connect(PORT, host)
        .on('error', () => undefined)
        .resume()
        .once('close', () => over++)
    }
    if (performance.now() - begun < MEASURED_MS || over < called) return
    clearInterval(pacer)
    process.send?.({ called, cpu: process.cpuUsage() })
  }, EVERY_MS)
} else {
  const { run } = createLinuxNodeOs()
  // Without a rule that asks for it, a network of its own tracks nothing.
  await run('nft', ['-f', '-'], {
    input:
      'add table inet t\nadd chain inet t o { type filter hook output priority 0; }\nadd rule inet t o ct state new counter\n' +
      `add rule inet t o ip daddr ${REFUSED} tcp dport ${PORT} reject with tcp reset\n`,
  })
  await run('ip', ['link', 'set', 'lo', 'up'])
  await run('ip', ['route', 'add', REFUSED, 'dev', 'lo'])
  for (const one of TURNS) {
    const without = await turn(one, false)
    const watched = await turn(one, true)
    const isRefused = one.host === REFUSED
    process.stdout.write(
      `${JSON.stringify({ pace: one.pace, isRefused, ...watched, load: watched.load - without.load })}\n`,
    )
  }
  process.exit(0)
}

interface Turn {
  called: number
  seen: number
  /** What the kernel had to drop is told. */
  lost: number
  /** Shares of one processor. */
  tellers: number
  agent: number
  load: number
}

async function turn({ pace, host }: (typeof TURNS)[number], isWatched: boolean): Promise<Turn> {
  const load: ChildProcess = spawn(
    process.execPath,
    [...process.execArgv, import.meta.filename, 'load', String(pace), host],
    {
      stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
    },
  )
  await once(load, 'message')
  const heard = { seen: 0, lost: 0 }
  await using stack = new AsyncDisposableStack()
  const tellersHad = isWatched ? await watching(heard, stack) : async () => 0
  const before = { tellers: await tellersHad(), agent: process.cpuUsage() }
  const begun = performance.now()
  load.send('go')
  const [{ called, cpu }] = (await once(load, 'message')) as [{ called: number; cpu: NodeJS.CpuUsage }]
  const seconds = (performance.now() - begun) / 1000
  // What is told late is told in the next moment, or not at all.
  for (let tries = 0; isWatched && heard.seen < called && host !== REFUSED && tries < 100; tries++)
    await systemClock.sleep(20)
  const agent = process.cpuUsage(before.agent)
  const share = ({ user, system }: NodeJS.CpuUsage) => (user + system) / 1e6 / seconds
  const tellers = ((await tellersHad()) - before.tellers) / seconds
  load.kill()
  return { called, ...heard, tellers, agent: share(agent), load: share(cpu) }
}

/** Returns what tells how much of the processor conntrack and nft have had. */
async function watching(heard: { seen: number; lost: number }, stack: AsyncDisposableStack) {
  const os = createLinuxNodeOs()
  const told = { clock: systemClock, logger: noLogger }
  const watch = stack.use(new ConnectionWatch({ run: os.start, ...told }))
  const ranges = [{ clusterCidr: '10.244.0.0/16', serviceCidr: '10.96.0.0/12' }]
  const stops = stack.use(new StopWatch({ os, ...told, ranges, tellOfDrops: () => undefined }))
  const join = new ConnectionJoin()
  const objects = { nodes: [], pods: [], services: [], endpointSlices: [] }
  const addresses = new Addresses(objects)
  const ready = Promise.withResolvers<void>()
  const hear: ConnectionListener = (news) => {
    // As it crosses from the machine to the classroom.
    const told = JSON.parse(JSON.stringify(news)) as ConnectionNews
    if (told.type === 'listening') return ready.resolve()
    if (told.type === 'lost') return void heard.lost++
    if (told.type === 'stopped') {
      heard.seen++
      return join.stop('here', told, whyStopped({ machine: 'here', ...told }, objects, addresses), addresses)
    }
    if (told.type === 'new' && told.asked.toPort === PORT) heard.seen++
    join.hear('here', told, addresses)
  }
  stack.use(stops.listen(hear))
  stack.use(watch.listen(hear))
  await ready.promise
  const pids = execFileSync('pgrep', ['-f', 'conntrack -E|nft -a monitor'], { encoding: 'utf8' })
    .trim()
    .split('\n')
    .map(Number)
  return async () => (await Promise.all(pids.map(cpuSeconds))).reduce((sum, had) => sum + had)
}

// Runs inside a container of the machine image, in a network of its own: what it costs to watch the connections of a machine,
// and how many of them are seen. Another process calls at a steady pace; this one does all that agent and classroom do with
// what conntrack tells, but for the wire between them. Prints one JSON line for each pace.

import { type ChildProcess, execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import { connect, createServer } from 'node:net'
import { systemClock } from '../../server/base/clock.ts'
import { noLogger } from '../../server/base/logger.ts'
import type { ConnectionNews } from '../../server/kube/network/connection-news.ts'
import { ConnectionWatch } from '../../server/kube/network/connection-watch.ts'
import { createLinuxNodeOs } from '../../server/kube/node-os/linux-node-os.ts'
import { Addresses } from '../../server/observe/network/addresses.ts'
import { ConnectionJoin } from '../../server/observe/network/connection-join.ts'
import { cpuSeconds } from '../cpu-seconds.ts'

const PORT = 8080
const PACES = [100, 500, 1000]
const MEASURED_MS = 10_000
const EVERY_MS = 20

if (process.argv[2] === 'load') {
  const pace = Number(process.argv[3])
  await once(createServer((socket) => socket.on('error', () => undefined).end()).listen(PORT, '127.0.0.1'), 'listening')
  process.send?.('ready')
  await once(process, 'message')
  const begun = performance.now()
  let called = 0
  let over = 0
  const pacer = setInterval(() => {
    const due = Math.min((Math.min(performance.now() - begun, MEASURED_MS) / 1000) * pace, (MEASURED_MS / 1000) * pace)
    for (; called < Math.floor(due); called++) {
      connect(PORT, '127.0.0.1')
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
      'add table inet t\nadd chain inet t o { type filter hook output priority 0; }\nadd rule inet t o ct state new counter\n',
  })
  await run('ip', ['link', 'set', 'lo', 'up'])
  for (const pace of PACES) {
    const without = await turn(pace, false)
    const watched = await turn(pace, true)
    process.stdout.write(`${JSON.stringify({ pace, ...watched, load: watched.load - without.load })}\n`)
  }
  process.exit(0)
}

interface Turn {
  called: number
  seen: number
  /** What the kernel had to drop is told. */
  lost: number
  /** Shares of one processor. */
  conntrack: number
  agent: number
  load: number
}

async function turn(pace: number, isWatched: boolean): Promise<Turn> {
  const load: ChildProcess = spawn(
    process.execPath,
    [...process.execArgv, import.meta.filename, 'load', String(pace)],
    {
      stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
    },
  )
  await once(load, 'message')
  const heard = { seen: 0, lost: 0 }
  const { watch, pid, listening } = isWatched ? await watching(heard) : {}
  const before = { conntrack: pid ? await cpuSeconds(pid()) : 0, agent: process.cpuUsage() }
  const begun = performance.now()
  load.send('go')
  const [{ called, cpu }] = (await once(load, 'message')) as [{ called: number; cpu: NodeJS.CpuUsage }]
  const seconds = (performance.now() - begun) / 1000
  // What is told late is told in the next moment, or not at all.
  for (let tries = 0; isWatched && heard.seen < called && tries < 100; tries++) await systemClock.sleep(20)
  const agent = process.cpuUsage(before.agent)
  const share = ({ user, system }: NodeJS.CpuUsage) => (user + system) / 1e6 / seconds
  const conntrack = pid ? ((await cpuSeconds(pid())) - before.conntrack) / seconds : 0
  listening?.[Symbol.dispose]()
  watch?.[Symbol.dispose]()
  load.kill()
  return { called, ...heard, conntrack, agent: share(agent), load: share(cpu) }
}

async function watching(heard: { seen: number; lost: number }) {
  const { start } = createLinuxNodeOs()
  const watch = new ConnectionWatch({ run: start, clock: systemClock, logger: noLogger })
  const join = new ConnectionJoin()
  const addresses = new Addresses({ nodes: [], pods: [], services: [], endpointSlices: [] })
  const ready = Promise.withResolvers<void>()
  const listening = watch.listen((news) => {
    // As it crosses from the machine to the classroom.
    const told = JSON.parse(JSON.stringify(news)) as ConnectionNews
    if (told.type === 'listening') return ready.resolve()
    if (told.type === 'stopped') return
    if (told.type === 'lost') return void heard.lost++
    if (told.type === 'new' && told.asked.toPort === PORT) heard.seen++
    join.hear('here', told, addresses)
  })
  await ready.promise
  const pid = () => Number(execFileSync('pgrep', ['-x', 'conntrack'], { encoding: 'utf8' }))
  return { watch, listening, pid }
}

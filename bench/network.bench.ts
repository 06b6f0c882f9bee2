// kube-proxy against a real kernel: 1,000 Services with 10 endpoints each, one endpoint changes, in each mode, while calls go
// on; and what network policies cost a connection. In containers of the machine image, with a network of their own.

import { execFileSync } from 'node:child_process'
import { join } from 'node:path'
import { table } from './table.ts'

interface Measured {
  name: string
  firstMs: number
  p50: number
  p99: number
  calls: number
  lost: number
  /** Calls in a second, without a Service and through the last of them. */
  plain: number
  through: number
}

const docker = (...args: string[]) => execFileSync('docker', args, { encoding: 'utf8' })
const [image] = docker('images', '--quiet', '--filter', 'reference=podium/machine').split('\n')
if (!image) throw new Error('there is no image of a machine yet: npm start makes it')

const root = join(import.meta.dirname, '..')
const inContainer = (program: string, ...flags: string[]) =>
  docker(
    ...['run', '--rm', '--network=none', `--volume=${root}:/repo:ro`, ...flags, '--entrypoint=/usr/bin/node', image],
    ...['--disable-warning=ExperimentalWarning', `/repo/bench/network/${program}`],
  )
    .trim()
    .split('\n')
const lines = inContainer('proxy-sync.ts', '--cap-add=NET_ADMIN', '--cap-add=NET_RAW')

const rows = lines
  .map((line) => JSON.parse(line) as Measured)
  .map(({ name, firstMs, p50, p99, calls, lost, plain, through }) => [
    name,
    `${firstMs} ms`,
    `${p50} ms`,
    `${p99} ms`,
    `${lost} of ${calls}`,
    through,
    `${(through / plain).toFixed(2)} ×`,
  ])
const header = [
  'mode',
  'all rules',
  'one endpoint changed, p50',
  'p99',
  'lost meanwhile',
  'calls/s',
  'of calls without a Service',
]
process.stdout.write(`${table(header, rows)}\n`)

const rights = ['--cap-add=NET_ADMIN', '--cap-add=SYS_ADMIN', '--security-opt=apparmor=unconfined']
const measured = inContainer('policies.ts', ...rights, '--sysctl=net.ipv4.ip_forward=1').map(
  (line) => JSON.parse(line) as { count: number; calls: number; megabytes: number },
)
const middle = (values: number[]) => values.sort((a, b) => a - b)[Math.floor(values.length / 2)] ?? 0
const byCount = [...Map.groupBy(measured, ({ count }) => count)].map(([count, rounds]) => ({
  count,
  calls: middle(rounds.map(({ calls }) => calls)),
  megabytes: middle(rounds.map(({ megabytes }) => megabytes)),
}))
const without = byCount[0]!
process.stdout.write(
  `${table(
    ['policies', 'connections/s', '× without', 'MB/s', '× without'],
    byCount.map(({ count, calls, megabytes }) => [
      count,
      calls,
      (calls / without.calls).toFixed(2),
      megabytes,
      (megabytes / without.megabytes).toFixed(2),
    ]),
  )}\n`,
)

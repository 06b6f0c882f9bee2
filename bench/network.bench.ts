// kube-proxy against a real kernel: 1,000 Services with 10 endpoints each, one endpoint changes, in each mode, while calls go
// on; and what each way between two pods carries, with and without Services and network policies. In containers of the
// machine image, with a network of their own. `npm run bench -- network`; a part of it: node bench/network.bench.ts ways

import { execFileSync } from 'node:child_process'
import { join } from 'node:path'
import { expectEngine } from './expect-engine.ts'
import type { Measured } from './network/load.ts'
import { table } from './table.ts'

interface Synced {
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

await expectEngine()
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
const rights = ['--cap-add=NET_ADMIN', '--cap-add=SYS_ADMIN', '--security-opt=apparmor=unconfined']
const middle = (values: number[]) => values.sort((a, b) => a - b)[Math.floor(values.length / 2)] ?? 0

const parts: Record<string, () => void> = {
  sync() {
    const rows = inContainer('proxy-sync.ts', '--cap-add=NET_ADMIN', '--cap-add=NET_RAW')
      .map((line) => JSON.parse(line) as Synced)
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
  },
  ways() {
    const told = inContainer('ways.ts', ...rights).map((line) => JSON.parse(line) as Measured & { way: string })
    carried(
      'way',
      Map.groupBy(told, ({ way }) => way),
      'routes',
    )
  },
  policies() {
    const told = inContainer('policies.ts', ...rights, '--sysctl=net.ipv4.ip_forward=1').map(
      (line) => JSON.parse(line) as Measured & { count: number },
    )
    carried(
      'policies',
      Map.groupBy(told, ({ count }) => String(count)),
      '0',
    )
  },
}

/**
 * The middle of all rounds; and how much that is of the plain way, by rounds, since the machine is another one from moment
 * to moment: the middle, the least and the most.
 */
function carried(of: string, rounds: Map<string, Measured[]>, plain: string): void {
  const base = rounds.get(plain)!
  const rows = [...rounds].map(([name, told]) => [
    name,
    ...(['calls', 'megabytes'] as const).flatMap((what) => {
      const shares = told.map((one, round) => one[what] / base[round]![what]).sort((a, b) => a - b)
      const [least = 0, most = 0] = [shares[0], shares.at(-1)]
      return [
        middle(told.map((one) => one[what])),
        `${middle(shares).toFixed(2)} (${least.toFixed(2)}–${most.toFixed(2)})`,
      ]
    }),
  ])
  process.stdout.write(`${table([of, 'connections/s', `× ${plain}`, 'MB/s', `× ${plain}`], rows)}\n`)
}

const asked = process.argv.slice(2).filter((name) => name in parts)
for (const name of asked.length > 0 ? asked : Object.keys(parts)) parts[name]?.()

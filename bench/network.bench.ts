// kube-proxy against a real kernel: 1,000 Services with 10 endpoints each, one endpoint changes, in each mode, while calls go
// on. In a container of the machine image, with a network of its own.

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
const node = ['--disable-warning=ExperimentalWarning', '/repo/bench/network/proxy-sync.ts']
const inContainer = ['--cap-add=NET_ADMIN', '--cap-add=NET_RAW', '--network=none', '--volume', `${root}:/repo:ro`]
const lines = docker('run', '--rm', ...inContainer, '--entrypoint=/usr/bin/node', image, ...node)
  .trim()
  .split('\n')

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

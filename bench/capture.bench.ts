// What it costs a machine to tell of its connections while somebody looks through the Network lens, and whether all are told.
// In a container of the machine image, with a network of its own.

import { execFileSync } from 'node:child_process'
import { join } from 'node:path'
import { expectEngine } from './expect-engine.ts'
import { table } from './table.ts'

await expectEngine()
const docker = (...args: string[]) => execFileSync('docker', args, { encoding: 'utf8' })
const [image] = docker('images', '--quiet', '--filter', 'reference=podium/machine').split('\n')
if (!image) throw new Error('there is no image of a machine yet: npm start makes it')

const root = join(import.meta.dirname, '..')
const lines = docker(
  ...[
    'run',
    '--rm',
    '--network=none',
    '--cap-add=NET_ADMIN',
    `--volume=${root}:/repo:ro`,
    '--entrypoint=/usr/bin/node',
  ],
  ...[image, '--disable-warning=ExperimentalWarning', '/repo/bench/network/capture.ts'],
)
const percent = (share: number) => `${(share * 100).toFixed(1)} %`
const rows = lines
  .trim()
  .split('\n')
  .map(
    (line) =>
      JSON.parse(line) as Record<'pace' | 'called' | 'seen' | 'lost' | 'tellers' | 'agent' | 'load', number> & {
        isRefused: boolean
      },
  )
  .map(({ pace, isRefused, called, seen, lost, tellers, agent, load }) => [
    `${pace}${isRefused ? ', refused by a rule' : ''}`,
    percent(seen / called),
    lost,
    percent(tellers),
    percent(agent),
    percent(load),
    percent(tellers + agent + Math.max(0, load)),
  ])
const header = [
  'connections/s',
  'seen',
  'told as lost',
  'conntrack and nft',
  'agent and join',
  'more for the caller',
  'of a core in all',
]
process.stdout.write(`${table(header, rows)}\n`)

// How long until a node is Ready: with a machine that has booted and waits for a cluster, and with none. Machines of the
// pool wait inside whole clusters (decision 0005), so a click costs neither; this is what filling the pool takes.

import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { systemClock } from '../server/base/clock.ts'
import { noLogger } from '../server/base/logger.ts'
import { stateDirectory } from '../server/cli/state-directory.ts'
import { LocalClusterHost, type MachineProvider } from '../server/kube/cluster/index.ts'
import { loadSchemas } from '../server/kube/schemas/load-schemas.ts'
import { openDataCentre } from '../server/machines/index.ts'
import { expectEngine } from './expect-engine.ts'
import { percentile, table } from './table.ts'

const ROUNDS = Number(process.env.ROUNDS ?? 10)
const NAME = 'bench-machines'

if (process.getuid?.() !== 0) throw new Error('real machines are made by root')
await expectEngine()
const centre = await openDataCentre({ stateDir: stateDirectory(process.env, process.getuid?.()) })
const stateDir = await mkdtemp(join(tmpdir(), 'podium-bench-'))
const now = () => performance.now()
let seen = { asked: 0, booted: 0, configuring: 0, configured: 0 }
const watched: MachineProvider = {
  ...centre,
  async createMachine(request) {
    seen.asked = now()
    const machine = await centre.createMachine(request)
    seen.booted = now()
    return {
      ...machine,
      async configure(files, options) {
        seen.configuring = now()
        await machine.configure(files, options)
        seen.configured = now()
      },
    }
  },
}
await using host = new LocalClusterHost({
  stateDir,
  machines: async () => watched,
  schemas: loadSchemas(),
  clock: systemClock,
  logger: noLogger,
  random: Math.random,
})

const steps = { booted: [] as number[], configured: [] as number[], ready: [] as number[], all: [] as number[] }
// Of a run that was ended.
await centre.deleteCluster(NAME)
for (let round = 0; round < ROUNDS; round++) {
  seen = { asked: 0, booted: 0, configuring: 0, configured: 0 }
  const began = now()
  await host.createCluster({ name: NAME, nodes: 1, simulatedNodes: 0 })
  const ready = now()
  steps.booted.push(seen.booted - seen.asked)
  steps.configured.push(seen.configured - seen.configuring)
  steps.ready.push(ready - seen.configured)
  steps.all.push(ready - began)
  await host.deleteCluster(NAME)
}
await rm(stateDir, { recursive: true, force: true })

const sums = (...parts: number[][]) => steps.all.map((_, at) => parts.reduce((sum, part) => sum + (part[at] ?? 0), 0))
const rows: [string, number[]][] = [
  ['disk, container, engine of the machine answers', steps.booted],
  ['its files are written', steps.configured],
  ['its node is Ready', steps.ready],
  ['with a machine that waits → Ready (1 s is meant)', sums(steps.configured, steps.ready)],
  ['with none → Ready (3 s are meant)', sums(steps.booted, steps.configured, steps.ready)],
  ['a whole cluster, its control plane meanwhile', steps.all],
]
const ms = (values: readonly number[], share: number) => `${percentile(values, share).toFixed(0)} ms`
process.stdout.write(
  `${table(
    ['step', 'p50', 'most'],
    rows.map(([step, values]) => [step, ms(values, 0.5), ms(values, 1)]),
  )}\n`,
)
process.exit(0)

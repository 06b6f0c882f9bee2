// Whole clusters come and go many times, and nothing of them stays. PODIUM_CYCLES=200 for long.

import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { systemClock } from '../base/clock.ts'
import { noLogger } from '../base/logger.ts'
import { LocalClusterHost } from '../kube/cluster/index.ts'
import { loadSchemas } from '../kube/schemas/load-schemas.ts'
import type { DataCentre } from './data-centre.ts'
import { findNetwork, findPool } from './learner-network.ts'
import { marksOf, openTestDataCentre, tracesOf } from './test-data-centre.ts'

const CYCLES = Number(process.env.PODIUM_CYCLES ?? 20)
/** Code is compiled, pools are filled: after so many it is as it will be. */
const SETTLED_AFTER = 5
const LEVEL_WITHIN_BYTES = 8 * 1024 ** 2
let dataCentre: DataCentre
let host: LocalClusterHost
let stateDir: string

beforeAll(async () => {
  dataCentre = await openTestDataCentre()
  stateDir = await mkdtemp(join(tmpdir(), 'podium-cycles-'))
  host = new LocalClusterHost({
    stateDir,
    machines: async () => dataCentre,
    schemas: loadSchemas(),
    clock: systemClock,
    logger: noLogger,
    random: Math.random,
  })
}, 600_000)
afterAll(async () => {
  await host?.[Symbol.asyncDispose]()
  await rm(stateDir, { recursive: true, force: true })
})

setFlagsFromString('--expose-gc')
const collectGarbage = runInNewContext('gc') as () => void
function heap(): number {
  collectGarbage()
  return process.memoryUsage().heapUsed
}

/** Processes and kernel keyrings of the users that a machine's root was outside. */
async function ofUsers(base: number): Promise<string[]> {
  const isTheirs = (uid: number) => uid >= base && uid < base + 65_536
  const processes = (await readdir('/proc')).filter((name) => /^\d+$/.test(name))
  const found = await Promise.all(
    processes.map(async (pid) => {
      const status = await readFile(`/proc/${pid}/status`, 'utf8').catch(() => '')
      return isTheirs(Number(/^Uid:\s+(\d+)/m.exec(status)?.[1] ?? -1)) ? [`process ${pid}`] : []
    }),
  )
  const keys = (await readFile('/proc/key-users', 'utf8'))
    .split('\n')
    .filter((line) => isTheirs(Number.parseInt(line, 10)))
  return [...found.flat(), ...keys.map((line) => `keys ${line.trim()}`)]
}

it(`leaves nothing behind after ${CYCLES} clusters, and takes no more memory`, {
  timeout: CYCLES * 30_000,
}, async () => {
  const { docker, installation } = dataCentre
  let settled = 0
  for (let cycle = 1; cycle <= CYCLES; cycle++) {
    const name = `test-cycle-${cycle}`
    const info = await host.createCluster({ name, nodes: 1, simulatedNodes: 0 })
    const terminal = await dataCentre.createTerminal({ cluster: name, kubeconfig: info.networkKubeconfig })
    expect((await terminal.exec(['kubectl', 'get', 'nodes', '-o', 'name'])).stdout).toBe('node/node-1\n')
    const network = await findNetwork({ docker, installation, pool: await findPool(docker) }, name)
    if (!network) throw new Error('a running cluster has a network')
    const marks = marksOf(network)
    expect(await tracesOf(dataCentre, marks)).not.toEqual([])
    await host.deleteCluster(name)
    expect(await tracesOf(dataCentre, marks)).toEqual([])
    await expect.poll(() => ofUsers(network.addresses.uidBase), { timeout: 60_000 }).toEqual([])
    if (cycle === SETTLED_AFTER) settled = heap()
  }
  expect(await readdir(join(stateDir, 'clusters'))).toEqual([])
  const grown = heap() - settled
  console.log(`heap after ${CYCLES} clusters: ${Math.round(grown / 1024)} KiB more than after ${SETTLED_AFTER}`)
  expect(grown).toBeLessThan(LEVEL_WITHIN_BYTES)
})

// A learner goes away and comes back, on real machines: first they were paused, then put to disk.

import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Pod as WirePod } from 'kubernetes-types/core/v1'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { systemClock } from '../../base/clock.ts'
import { noLogger } from '../../base/logger.ts'
import { type ClusterHost, spawnClusterHost } from '../../kube/cluster/index.ts'
import { Event, Pod } from '../../kube/kinds/index.ts'
import type { DataCentre } from '../../machines/index.ts'
import { openTestDataCentre, TEST_STATE_DIR } from '../../machines/test-data-centre.ts'
import { type Database, openDatabase } from '../database/open-database.ts'
import { containerShells } from '../terminals/container-shells.ts'
import type { Sandbox } from './sandbox.ts'
import { SandboxPool } from './sandbox-pool.ts'

const options = { clock: systemClock, logger: noLogger }
const migrations = join(import.meta.dirname, '..', '..', '..', 'prisma', 'migrations')
// Less than five seconds are meant (they are printed); a slow day is no fault of the code.
const WAKES_WITHIN_MS = 30_000
let directory: string
let host: ClusterHost
let database: Database
let dataCentre: DataCentre
let pool: SandboxPool

beforeAll(async () => {
  directory = mkdtempSync(join(tmpdir(), 'podium-sleep-'))
  dataCentre = await openTestDataCentre()
  host = await spawnClusterHost({ stateDir: TEST_STATE_DIR, ...options })
  database = openDatabase({ path: join(directory, 'podium.db'), migrations, clock: systemClock })
  await database.person.create({ data: { id: 'ada', name: 'Ada' } })
  pool = new SandboxPool({
    ...options,
    host,
    database,
    machines: 'real',
    shellsFor: (info) => containerShells({ dataCentre, info, stateDir: TEST_STATE_DIR }),
    random: Math.random,
    warm: 0,
    seats: 1,
  })
})
afterAll(async () => {
  await pool?.release('ada')
  await pool?.[Symbol.asyncDispose]()
  await host?.[Symbol.asyncDispose]()
  await database?.[Symbol.asyncDispose]()
  rmSync(directory, { recursive: true, force: true })
})

const statesOf = async ({ cluster }: Sandbox) =>
  Promise.all((await dataCentre.listMachines(cluster)).map((machine) => machine.state()))

async function wake(): Promise<Sandbox> {
  const began = performance.now()
  const sandbox = await pool.claim('ada')
  const took = Math.round(performance.now() - began)
  console.log(`woken in ${took} ms`)
  expect(took).toBeLessThan(WAKES_WITHIN_MS)
  return sandbox
}

/** As soon as the pod runs and `isSo`. */
async function podWhen({ watch }: Sandbox, isSo: (pod: WirePod) => boolean): Promise<WirePod> {
  const find = () => watch.client.of(Pod).get({ namespace: 'default', name: 'stays' }) as Promise<WirePod>
  let pod = await find()
  await watch.until(({ pods }) => {
    pod = (pods.find(({ metadata }) => metadata?.name === 'stays') as WirePod | undefined) ?? pod
    return pod.status?.containerStatuses?.[0]?.state?.running !== undefined && isSo(pod)
  }, AbortSignal.timeout(60_000))
  return pod
}

/** A node that was given up is told of in an event, and its pods are thrown out. */
async function expectNothingLost({ watch }: Sandbox): Promise<void> {
  const events = await watch.client.of(Event).list()
  const bad = ['NodeNotReady', 'TaintManagerEviction', 'Killing']
  expect(events.items.map(({ reason }) => reason).filter((reason) => bad.includes(reason ?? ''))).toEqual([])
}

it('wakes a sleeping sandbox with everything that was in it', {
  timeout: 300_000,
}, async () => {
  const before = await pool.claim('ada')
  await before.watch.client.of(Pod).create({
    metadata: { name: 'stays', namespace: 'default' },
    spec: { containers: [{ name: 'main', image: 'nginx:1.26' }] },
  })
  const pod = await podWhen(before, () => true)
  const { cluster } = before
  await before.terminals.run('echo work > ~/work.txt; echo $$ > /tmp/open')

  await pool.sleep('ada', 'pause')
  expect(await statesOf(before)).toEqual(['paused', 'paused'])
  const woken = await wake()
  expect([woken.cluster, await statesOf(woken)]).toEqual([cluster, ['running', 'running']])
  // The kubelet answers, and it is the very container, which never ended.
  await woken.terminals.run('kubectl exec stays -- true')
  const after = await podWhen(woken, () => true)
  expect(after.status?.containerStatuses?.[0]).toMatchObject({
    containerID: pod.status?.containerStatuses?.[0]?.containerID,
    restartCount: 0,
  })
  await woken.terminals.run('test "$(cat ~/work.txt)" = work && test -s /tmp/open')
  await expectNothingLost(woken)

  await pool.sleep('ada', 'pause')
  await pool.sleep('ada', 'stop')
  expect([await statesOf(woken), pool.seats.taken]).toEqual([['stopped', 'stopped'], 0])
  const booted = await wake()
  expect([booted.cluster, pool.seats.taken]).toEqual([cluster, 1])
  for (const node of ['node-1', 'node-2'])
    await booted.terminals.run(`kubectl get --raw /api/v1/nodes/${node}/proxy/healthz`)
  // Its container ended with the machine; the kubelet has to have seen that before this is news.
  const again = await podWhen(booted, ({ status }) => (status?.containerStatuses?.[0]?.restartCount ?? 0) > 0)
  expect(again.metadata?.uid).toBe(pod.metadata?.uid)
  await booted.terminals.run('test "$(cat ~/work.txt)" = work')
  await expectNothingLost(booted)
})

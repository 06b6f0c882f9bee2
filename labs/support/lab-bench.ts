// A cluster, a database and a session to walk labs with, without pages and pool. On real machines scripts are typed into
// the learner's own terminal; where there is none, they run in one go with a stock kubectl.

import { execFile } from 'node:child_process'
import { existsSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { systemClock } from '../../server/base/clock.ts'
import { createLogger, noLogger } from '../../server/base/logger.ts'
import { openDatabase } from '../../server/classroom/database/open-database.ts'
import { LabSession } from '../../server/classroom/grading/lab-session.ts'
import { ProgressStore } from '../../server/classroom/grading/progress.ts'
import { inOneGo, type Lab, ordersOf, type Script } from '../../server/classroom/labs/lab.ts'
import type { Walk } from '../../server/classroom/labs/walk-lab.ts'
import { watchCluster } from '../../server/classroom/sandboxes/cluster-watch.ts'
import { type MachineKind, Sandbox } from '../../server/classroom/sandboxes/sandbox.ts'
import { containerShells } from '../../server/classroom/terminals/container-shells.ts'
import { noShells } from '../../server/classroom/terminals/shell.ts'
import { TerminalRoom } from '../../server/classroom/terminals/terminal-room.ts'
import { spawnClusterHost } from '../../server/kube/cluster/index.ts'
import { openTestDataCentre } from '../../server/machines/test-data-centre.ts'
import { ClusterObserver } from '../../server/observe/index.ts'
import { SocketSeat, terminalDoor } from './socket-seat.ts'
import { Typist } from './typist.ts'

const root = join(import.meta.dirname, '..', '..')
const execute = promisify(execFile)

export interface LabBench extends AsyncDisposable {
  kind: MachineKind
  /** A session of this lab by a learner who has not been here before, at a terminal where nothing has been typed. */
  begin(lab: Lab, withinMs: number): Promise<Walk & AsyncDisposable>
  kubectl(script: string): Promise<string>
}

/** Real machines come from the data centre of `stateDir`; simulated ones need none. */
export async function openLabBench(kind: MachineKind, stateDir?: string): Promise<LabBench> {
  const kubectlPath = join(root, '.cache', 'bin', 'kubectl-1.36')
  if (!existsSync(kubectlPath)) throw new Error('kubectl is not here; `npm test` fetches it')
  const directory = mkdtempSync(join(tmpdir(), 'podium-labs-'))
  const logger = process.env.PODIUM_LOG_LEVEL
    ? createLogger({ level: 'debug', write: (line) => void process.stderr.write(line) })
    : noLogger
  const clock = systemClock
  const host = await spawnClusterHost({ stateDir: stateDir ?? directory, clock, logger })
  const name = `labs-${Math.random().toString(36).slice(2, 8)}`
  const info = await host.createCluster(
    kind === 'real' ? { name, nodes: 2, simulatedNodes: 0 } : { name, nodes: 0, simulatedNodes: 2 },
  )
  const watch = watchCluster(info.superKubeconfig, { clock, logger, random: Math.random })
  await watch.synced()
  const observer = new ClusterObserver({ host, info, sight: watch, clock, logger, random: Math.random })
  const dataCentre = kind === 'real' ? await openTestDataCentre() : undefined
  const shells = dataCentre
    ? await containerShells({ dataCentre, info, stateDir: dataCentre.stateDir })
    : noShells('no terminal in a test')
  const sandbox = new Sandbox({ kind, info, watch, observer, shells, terminals: new TerminalRoom(shells) })
  const database = openDatabase({
    path: join(directory, 'podium.db'),
    migrations: join(root, 'prisma', 'migrations'),
    clock,
  })
  const door = await terminalDoor(sandbox.terminals)
  const store = new ProgressStore(database)
  await database.sandbox.create({ data: { cluster: name, kind } })
  const bin = join(directory, 'bin')
  const kubeconfig = join(directory, 'kubeconfig')
  writeFileSync(kubeconfig, info.kubeconfig, { mode: 0o600 })
  await execute('mkdir', ['-p', bin])
  symlinkSync(kubectlPath, join(bin, 'kubectl'))

  const kubectl = async (script: string) => {
    const env = { ...process.env, PATH: `${bin}:${process.env.PATH}`, KUBECONFIG: kubeconfig, HOME: directory }
    try {
      const { stdout } = await execute('bash', ['-euo', 'pipefail', '-c', script], { env, timeout: 120_000 })
      return stdout
    } catch (err) {
      const { stdout, stderr } = err as { stdout?: string; stderr?: string }
      throw new Error(`${script}\n${stdout ?? ''}${stderr ?? String(err)}`)
    }
  }

  const steer = async (script: Script) => {
    for (const order of ordersOf(script)) await observer.steer(order)
  }

  let learners = 0
  return {
    kind,
    kubectl,
    async begin(lab, withinMs) {
      learners++
      const { id: learnerId } = await database.person.create({ data: { id: `learner-${learners}`, name: 'Test' } })
      // Whoever was here before has left their things; a new learner begins with a clean cluster.
      await store.putLabIn(name, '')
      const session = new LabSession({
        lab,
        progress: await store.ofLab(learnerId, lab.id),
        store,
        claim: async () => sandbox,
        putBack: () => Promise.reject(new Error('not in this test')),
        clusterSleeps: () => false,
        discard: () => Promise.reject(new Error('the cluster could not be emptied')),
        exclusive: exclusively(),
        version: '',
        clock,
        logger,
      })
      session.begin()
      const signal = AbortSignal.timeout(withinMs)
      if (!dataCentre) {
        const perform: Walk['perform'] = async (script) => {
          await steer(script)
          await kubectl(inOneGo(script))
        }
        return { session, perform, signal, [Symbol.asyncDispose]: () => session.close() }
      }
      const tab = sandbox.terminals.add()
      const seat = new SocketSeat(door.address + tab, signal)
      const typist = new Typist(seat)
      await typist.sitDown()
      return {
        session,
        async perform(script) {
          await steer(script)
          await typist.perform(script)
        },
        signal,
        async [Symbol.asyncDispose]() {
          seat[Symbol.dispose]()
          await sandbox.terminals.remove(tab, { force: true })
          await session.close()
        },
      }
    },
    async [Symbol.asyncDispose]() {
      await door[Symbol.asyncDispose]()
      await sandbox[Symbol.asyncDispose]()
      await database[Symbol.asyncDispose]()
      await host.deleteCluster(name)
      await host[Symbol.asyncDispose]()
      rmSync(directory, { recursive: true, force: true })
    },
  }
}

function exclusively(): (work: () => Promise<void>) => Promise<void> {
  let last = Promise.resolve()
  return (work) => {
    last = last.then(work)
    return last
  }
}

// The classroom server. Reads the environment (and nobody below does), opens what there is, and prints one line when a
// browser can come. SIGINT and SIGTERM stop everything in the opposite order.

import { existsSync } from 'node:fs'
import { hostname, userInfo } from 'node:os'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { z } from 'zod'
import { systemClock } from './base/clock.ts'
import { createLogger, type Logger } from './base/logger.ts'
import {
  claimStateDir,
  containerShells,
  createToken,
  entrance,
  findMachines,
  linkTo,
  listen,
  MigrationError,
  noShells,
  openClassroom,
  type PageHandler,
  portOf,
  runningServer,
  serveClassroom,
} from './classroom/index.ts'
import { stateDirectory } from './cli/state-directory.ts'
import { UserError } from './cli/user-error.ts'
import { clusterDirectory, spawnClusterHost } from './kube/cluster/index.ts'

const root = join(dirname(fileURLToPath(import.meta.url)), '..')

const configSchema = z.object({
  PODIUM_HOME: z.string().optional(),
  /** 0 takes any free port. Without it 3000 is tried first. */
  PODIUM_PORT: z.coerce.number().int().min(0).max(65535).optional(),
  /** `simulated` never looks for a container engine. */
  PODIUM_MACHINES: z.enum(['auto', 'simulated']).default('auto'),
  /** How many clusters are kept ready for whoever comes next. */
  PODIUM_WARM: z.coerce.number().int().min(0).max(50).default(1),
  PODIUM_LEARNER: z.string().min(1).max(80).optional(),
  PODIUM_LOG_LEVEL: z.enum(['debug', 'info', 'warn', 'error']).default('warn'),
})

const LOOPBACK = '127.0.0.1'
const DEFAULT_PORT = 3000

async function main(): Promise<void> {
  const parsed = configSchema.safeParse(process.env)
  if (!parsed.success) throw new UserError(`the environment is not right:\n${z.prettifyError(parsed.error)}`)
  const config = parsed.data
  const stateDir = stateDirectory(process.env, process.getuid?.())
  const logger = createLogger({ level: config.PODIUM_LOG_LEVEL, write: (line) => void process.stderr.write(line) })

  const other = runningServer(stateDir)
  if (other) {
    const where = other.origin ? ` at ${other.origin}` : ''
    throw new UserError(
      `a classroom with the state directory ${stateDir} runs already${where} (process ${other.pid}). Stop that one first, or give this one another PODIUM_HOME.`,
    )
  }

  const stack = new AsyncDisposableStack()
  const stop = stopOnSignals(stack, logger)
  try {
    const record = stack.use(claimStateDir(stateDir, process.pid))
    const listener = await takePort(config.PODIUM_PORT)
    stack.defer(() => void listener.close())
    const place = entrance({ host: LOOPBACK, port: portOf(listener), tls: false, origins: [], hostname: hostname() })
    const say = (line: string) => void process.stdout.write(`podium: ${line}\n`)
    const { machines, dataCentre } = await findMachines({ stateDir, wanted: config.PODIUM_MACHINES, say, logger })
    const clock = systemClock
    const host = stack.use(await spawnClusterHost({ stateDir, clock, logger }))
    const classroom = stack.use(
      await openClassroom({
        root,
        stateDir,
        host,
        machines,
        shellsFor: async (info) => {
          if (dataCentre && info.networkKubeconfig) return containerShells({ dataCentre, info, stateDir })
          const kubeconfig = join(clusterDirectory(stateDir, info.name), 'admin.conf')
          return noShells(
            `There is no terminal here: ${machines.reason}.\r\n${machines.remedy}\r\n\r\n` +
              `Until then, a kubectl of your own will do:\r\n  export KUBECONFIG=${kubeconfig}`,
          )
        },
        localName: place.accounts ? undefined : (config.PODIUM_LEARNER ?? userInfo().username),
        clock,
        logger,
        random: Math.random,
        warm: config.PODIUM_WARM,
      }),
    )
    const pages = await preparePages()
    stack.use(serveClassroom({ classroom, pages, listener, entrance: place, stateDir, clock, logger }))
    const origin = place.answersAs
    record.listensAt(origin)
    process.stdout.write(`Podium is ready: ${linkTo(origin, await createToken(stateDir))}\n`)
  } catch (err) {
    await stop()
    throw err
  }
}

async function takePort(wanted: number | undefined) {
  const listener = await listen({ host: LOOPBACK, port: wanted ?? DEFAULT_PORT })
  if (listener) return listener
  if (wanted !== undefined) {
    throw new UserError(
      `port ${wanted} is taken by another program. Choose another with PODIUM_PORT, or stop that one.`,
    )
  }
  const free = await listen({ host: LOOPBACK, port: 0 })
  if (!free) throw new UserError('no free port was found on 127.0.0.1')
  return free
}

/** The built pages; a classroom without them still has its API and says what is missing. */
async function preparePages(): Promise<PageHandler> {
  if (!existsSync(join(root, '.next', 'BUILD_ID'))) {
    return async (_, response) => {
      response.writeHead(503, { 'content-type': 'text/plain; charset=utf-8' })
      response.end('The pages are not built yet. Stop this server and run: npm start\n')
    }
  }
  // Loaded last: what is wrong with the environment or the port is said without waiting for it.
  const { default: next } = await import('next')
  const app = next({ dev: false, dir: root })
  await app.prepare()
  return app.getRequestHandler()
}

/** The second signal does not wait any longer. */
function stopOnSignals(stack: AsyncDisposableStack, logger: Logger): () => Promise<void> {
  let stopping: Promise<void> | undefined
  const stop = () => {
    stopping ??= stack.disposeAsync().catch((err) => logger.error('did not stop in order', { err }))
    return stopping
  }
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
    process.on(signal, () => {
      if (stopping) process.exit(1)
      process.stdout.write('Podium is stopping; machines go to disk.\n')
      void stop().then(() => process.exit(0))
    })
  }
  return stop
}

try {
  await main()
} catch (err) {
  const isForPeople = err instanceof UserError || err instanceof MigrationError
  process.stderr.write(`podium: ${isForPeople ? (err as Error).message : ((err as Error).stack ?? String(err))}\n`)
  process.exit(1)
}

// The classroom server. Reads the environment (and nobody below does), opens what there is, and prints one line when a
// browser can come. SIGINT and SIGTERM stop everything in the opposite order.

import { existsSync } from 'node:fs'
import { userInfo } from 'node:os'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { systemClock } from './base/clock.ts'
import { goOn } from './base/go-on.ts'
import { createLogger, type Logger } from './base/logger.ts'
import {
  type Classroom,
  claimStateDir,
  containerShells,
  createToken,
  type Entrance,
  entrance,
  findMachines,
  linkTo,
  listen,
  MigrationError,
  missingImages,
  noShells,
  openClassroom,
  type PageHandler,
  portOf,
  runningServer,
  serveClassroom,
} from './classroom/index.ts'
import { makeFolder } from './cli/named-places.ts'
import { readSettings, type Settings } from './cli/settings.ts'
import { stateDirectory } from './cli/state-directory.ts'
import { mendableWords, UserError } from './cli/user-error.ts'
import { clusterDirectory, spawnClusterHost } from './kube/cluster/index.ts'

const root = join(dirname(fileURLToPath(import.meta.url)), '..')

const DEFAULT_PORT = 3000

async function main(): Promise<void> {
  const settings = readSettings(process.env, process.argv.slice(2))
  const stateDir = stateDirectory(process.env, process.getuid?.())
  const logger = createLogger({ level: settings.logLevel, write: (line) => void process.stderr.write(line) })
  goOn(process, logger)

  const other = runningServer(stateDir)
  if (other) {
    const where = other.origin ? ` at ${other.origin}` : ''
    throw new UserError(
      `a classroom with the state directory ${stateDir} runs already${where} (process ${other.pid}). Stop that one first, or give this one another PODIUM_HOME.`,
    )
  }

  await makeFolder(stateDir, 0o700)
  const stack = new AsyncDisposableStack()
  const stop = stopOnSignals(stack, logger)
  try {
    const record = stack.use(claimStateDir(stateDir, process.pid))
    const listener = await takePort(settings)
    stack.defer(() => void listener.close())
    const place = entrance({ ...settings, port: portOf(listener), tls: settings.tls !== undefined })
    const say = (line: string) => void process.stdout.write(`podium: ${line}\n`)
    const { machines, dataCentre } = await findMachines({ stateDir, wanted: settings.machines, say, logger })
    stack.use(dataCentre)
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
        homes: dataCentre,
        localName: place.accounts ? undefined : (settings.localName ?? userInfo().username),
        clock,
        logger,
        random: Math.random,
        warm: settings.warm,
        seats: settings.seats,
        ...restOf(settings, place),
        guestDays: settings.guestDays,
      }),
    )
    if (dataCentre) for (const line of missingImages(classroom.labs, dataCentre)) say(line)
    const pages = await preparePages()
    stack.use(serveClassroom({ classroom, pages, listener, entrance: place, stateDir, clock, logger }))
    record.listensAt(place)
    await sayReady(place, classroom, stateDir)
  } catch (err) {
    await stop()
    throw err
  }
}

/** On loopback somebody may be at work with a kubectl of their own and no page open: nothing rests unless that is asked for. */
function restOf({ pauseAfterMinutes, stopAfterMinutes }: Settings, { accounts }: Entrance) {
  const ms = (minutes: number) => (minutes > 0 ? minutes * 60_000 : undefined)
  return {
    pauseAfterMs: ms(pauseAfterMinutes ?? (accounts ? 15 : 0)),
    stopAfterMs: ms(stopAfterMinutes ?? (accounts ? 60 : 0)),
  }
}

async function takePort({ host, port: wanted, tls }: Settings) {
  const listener = await listen({ host, port: wanted ?? DEFAULT_PORT, tls })
  if (listener) return listener
  if (wanted !== undefined) {
    throw new UserError(
      `port ${wanted} is taken by another program. Choose another with PODIUM_PORT, or stop that one.`,
    )
  }
  const free = await listen({ host, port: 0, tls })
  if (!free) throw new UserError(`no free port was found on ${host}`)
  return free
}

/** The line that everybody waits for, and what has to be done first where people log in. */
async function sayReady(place: Entrance, classroom: Classroom, stateDir: string): Promise<void> {
  const say = (line: string) => void process.stdout.write(`${line}\n`)
  if (!place.accounts) return say(`Podium is ready: ${linkTo(place, await createToken(stateDir))}`)
  if (place.answersAs.startsWith('http:')) {
    say('podium: passwords travel unencrypted here. Set PODIUM_TLS_CERT and PODIUM_TLS_KEY, or put a proxy with TLS in')
    say('podium: front and tell its address by PODIUM_ORIGIN. See docs/admins.md.')
  }
  if (!(await classroom.accounts.hasAdministrator())) {
    say('podium: there is no administrator yet. This link makes one; it works once, within twelve hours:')
    say(`  ${linkTo(place, await createToken(stateDir))}`)
  }
  say(`Podium is ready: ${place.answersAs}/`)
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
  const home = stateDirectory(process.env, process.getuid?.())
  const words = err instanceof MigrationError ? err.message : mendableWords(err, home)
  process.stderr.write(`podium: ${words ?? (err as Error).stack ?? String(err)}\n`)
  process.exit(1)
}

// Another host, as far as Podium can tell: a network namespace with an address and an engine of its own, and a Podium there.
// What it makes on this machine has its name, and goes with it.

import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { describeImages } from '../../server/machines/build-images.ts'
import { runCommand, tryCommand } from '../../server/machines/run-command.ts'
import { type Outcome, root, run } from './commands.ts'
import { until } from './until.ts'

const NAME = 'pdm-other-host'
/** Of the range for measuring, which no network uses. */
const [HERE, THERE] = ['198.18.77.1', '198.18.77.2']

export interface OtherHost extends AsyncDisposable {
  address: string
  /** This machine, as seen from there. */
  home: string
  /** Runs a program there. */
  run(command: string, ...args: string[]): Promise<Outcome>
  podium(...args: string[]): Promise<Outcome>
}

export async function startOtherHost(): Promise<OtherHost> {
  await removeNamespace() // of a run that was killed
  await using started = new AsyncDisposableStack()
  await runCommand('ip', ['netns', 'add', NAME])
  started.defer(removeNamespace)
  await linkUp()
  const directory = await mkdtemp('/var/lib/podium-other-host-')
  started.defer(() => rm(directory, { recursive: true, force: true }))
  const socket = `unix://${directory}/docker.sock`
  const inside = (command: string, args: readonly string[]) => ['nsenter', `--net=/run/netns/${NAME}`, command, ...args]
  const runThere = async (command: string, args: readonly string[], timeoutMs?: number) => {
    const [enter = '', ...rest] = inside(command, args)
    const env = { DOCKER_HOST: socket, PODIUM_HOME: join(directory, 'podium') }
    return run(enter, rest, { env, ...(timeoutMs && { timeoutMs }) })
  }
  const engine = spawnEngine(inside, directory, socket)
  started.defer(async () => {
    const ended = once(engine, 'exit')
    if (engine.exitCode === null && engine.kill('SIGTERM')) await ended
  })
  await until('the other engine answers', async () => (await runThere('docker', ['version'])).code === 0)
  await copyImages(socket)
  const podium = (...args: string[]) =>
    runThere(process.execPath, ['--disable-warning=ExperimentalWarning', join(root, 'server/cli.ts'), ...args], 600_000)
  started.defer(async () => void (await podium('uninstall', '--yes')))
  const all = started.move()
  return {
    address: THERE,
    home: HERE,
    run: (command, ...args) => runThere(command, args),
    podium,
    [Symbol.asyncDispose]: () => all.disposeAsync(),
  }
}

async function linkUp(): Promise<void> {
  const [here, there] = [`${NAME.slice(0, 10)}-a`, `${NAME.slice(0, 10)}-b`]
  await runCommand('ip', ['link', 'add', here, 'type', 'veth', 'peer', 'name', there, 'netns', NAME])
  await runCommand('ip', ['addr', 'add', `${HERE}/30`, 'dev', here])
  await runCommand('ip', ['link', 'set', here, 'up'])
  await runCommand('ip', ['-n', NAME, 'addr', 'add', `${THERE}/30`, 'dev', there])
  for (const link of ['lo', there]) await runCommand('ip', ['-n', NAME, 'link', 'set', link, 'up'])
}

/** Its end of the link goes with it. */
async function removeNamespace(): Promise<void> {
  await tryCommand('ip', ['netns', 'delete', NAME])
}

function spawnEngine(
  inside: (command: string, args: readonly string[]) => string[],
  directory: string,
  socket: string,
): ChildProcess {
  const [enter = '', ...args] = inside('dockerd', [
    ...[
      '--data-root',
      `${directory}/docker`,
      '--exec-root',
      `${directory}/exec`,
      '--pidfile',
      `${directory}/docker.pid`,
    ],
    ...['--containerd-namespace', NAME, '--containerd-plugins-namespace', `${NAME}-plugins`],
    ...['--host', socket, '--log-level', 'warn'],
  ])
  return spawn(enter, args, { stdio: 'ignore' })
}

/** As `podium images export` and `import` carry them, without a file in between. */
async function copyImages(socket: string): Promise<void> {
  const references = (await describeImages({})).map(({ reference }) => reference)
  await runCommand('sh', [
    '-c',
    'socket=$1; shift; docker save "$@" | docker --host "$socket" load -q',
    'copy',
    socket,
    ...references,
  ])
}

// `npm start`: all set-up, then the classroom. Runs on any Node from 18.

import { spawn } from 'node:child_process'
import { join } from 'node:path'
import { bootstrap, environment, fail, root, say } from './bootstrap.mjs'
import { engineLog, releaseDocker } from './docker-engine.mjs'
import { keepLogSmallHourly } from './keep-log-small.mjs'
import { buildPages, fetchKubectls, generateSources, prepareMachines } from './setup.mjs'

const node = bootstrap()
let startedEngine = false
try {
  generateSources(node)
  buildPages(node)
  await fetchKubectls(['1.36'])
  if (process.env.PODIUM_MACHINES !== 'simulated')
    ({ startedEngine } = await prepareMachines(node, { required: false }))
} catch (err) {
  fail(err instanceof Error ? err.message : String(err), 'Mend that and start again; finished steps are not repeated.')
}

// Also of an engine that an earlier start has left.
keepLogSmallHourly(engineLog(process.env.PODIUM_HOME ?? '/var/lib/podium'))

// The server stops in order by itself; this process only waits for it.
const server = spawn(
  node,
  ['--disable-warning=ExperimentalWarning', join(root, 'server', 'main.ts'), ...process.argv.slice(2)],
  {
    cwd: root,
    stdio: 'inherit',
    env: { ...environment(node), NODE_ENV: 'production' },
  },
)
process.on('SIGINT', () => undefined)
process.on('SIGTERM', () => server.kill('SIGTERM'))
server.on('exit', async (code, signal) => {
  if (startedEngine) await releaseDocker({ log: say, stateDir: process.env.PODIUM_HOME })
  process.exit(signal ? 1 : (code ?? 1))
})

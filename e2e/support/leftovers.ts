// What a run of the tests that was cut off has left in their home goes before the next one begins: processes, and clusters
// under names that it wants. Nobody keeps anything there.

import { setTimeout as pause } from 'node:timers/promises'
import { processesUsing } from '../../server/machines/index.ts'
import { clusters } from './classroom.ts'
import { podium } from './commands.ts'

const home = process.env.PODIUM_HOME
if (!home?.endsWith('podium-test')) throw new Error('PODIUM_HOME must be the one of the tests; run `npm test`')

const PATIENCE_MS = 60_000

const running = await processesUsing(home)
for (const pid of running) {
  process.stdout.write(`podium: ending process ${pid}, which an earlier run of the tests left\n`)
  process.kill(pid, 'SIGTERM')
}
for (const until = Date.now() + PATIENCE_MS; (await processesUsing(home)).length > 0; await pause(100)) {
  if (Date.now() > until) throw new Error(`processes of an earlier run do not end: ${running.join(', ')}`)
}
for (const { name } of await clusters()) process.stdout.write(`podium: ${await podium('cluster', 'delete', name)}`)

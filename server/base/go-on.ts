import type { EventEmitter } from 'node:events'
import { inspect } from 'node:util'
import type { Logger } from './logger.ts'

interface Going extends EventEmitter {
  readonly stdout: EventEmitter
  readonly stderr: EventEmitter
}

/** What one learner has broken must not end what all others use; as upstream's HandleCrash (docs/decisions/0104). */
export function goOn(process: Going, logger: Logger): void {
  // Whoever started it may be gone, with their terminal: where nobody reads what is said, saying so would fail as well.
  for (const stream of [process.stdout, process.stderr]) stream.on('error', () => undefined)
  for (const event of ['unhandledRejection', 'uncaughtException'] as const) {
    process.on(event, (thrown: unknown) => {
      const err = thrown instanceof Error ? thrown : inspect(thrown)
      logger.error('nobody caught this; going on', { err })
    })
  }
}

import type { EventEmitter } from 'node:events'
import { inspect } from 'node:util'
import type { Logger } from './logger.ts'

/** What one learner has broken must not end what all others use; as upstream's HandleCrash (docs/decisions/0104). */
export function goOn(process: EventEmitter, logger: Logger): void {
  for (const event of ['unhandledRejection', 'uncaughtException'] as const) {
    process.on(event, (thrown: unknown) => {
      const err = thrown instanceof Error ? thrown : inspect(thrown)
      logger.error('nobody caught this; going on', { err })
    })
  }
}

// Where a cluster's audit events go: its file always, and a server outside when one is named.

import type { Clock } from '../../base/clock.ts'
import type { Logger } from '../../base/logger.ts'
import { type AuditOptions, type AuditSettings, AuditWebhook } from '../apiserver/index.ts'
import { AuditFile } from './audit-file.ts'

export interface AuditLog {
  options: AuditOptions
  close(): Promise<void>
}

/** `path`: of the file, when the settings name none. */
export async function openAuditLog(
  { policy, logPath, webhook }: AuditSettings,
  { path, clock, logger }: { path: string; clock: Clock; logger: Logger },
): Promise<AuditLog> {
  const file = await AuditFile.open(logPath ?? path, logger)
  const outside = webhook && new AuditWebhook({ config: webhook, clock, logger })
  return {
    options: {
      policy,
      write(event) {
        file.write(event)
        outside?.write(event)
      },
    },
    async close() {
      await outside?.close()
      await file.close()
    },
  }
}

// A token that lies in a Secret never expires, so its Secret tells on which day it was last used: whoever wants to be rid
// of such tokens can see which are still needed, and mark one as no longer good before deleting it.
// Upstream: kubernetes/pkg/serviceaccount/legacy.go.

import type { Secret } from 'kubernetes-types/core/v1'
import type { Clock } from '../../../base/clock.ts'
import type { Logger } from '../../../base/logger.ts'
import type { Client } from '../../client/client.ts'
import { Secret as SecretKind } from '../../kinds/index.ts'
import { dayOf, INVALID_SINCE, LAST_USED } from '../../kinds/legacy-token.ts'

const DAY_MS = 24 * 60 * 60 * 1000

export interface LegacyTokenUse {
  clock: Clock
  logger: Logger
  /** As the server itself. */
  client(): Client
}

/** To be called for each request that comes with such a token; the request does not wait for the write. */
export function noteLegacyTokenUse({ metadata }: Secret, { client, clock, logger }: LegacyTokenUse): void {
  const { namespace, name = '', labels = {} } = metadata ?? {}
  const [today, tomorrow] = [dayOf(clock.now()), dayOf(clock.now() + DAY_MS)]
  // The clock of another server may be ahead of this one's.
  if ([today, tomorrow].includes(labels[LAST_USED] ?? '')) return
  client()
    .of(SecretKind)
    .patch({ namespace, name }, 'application/merge-patch+json', { metadata: { labels: { [LAST_USED]: today } } })
    .catch((err: unknown) => logger.warn('cannot note when a token was last used', { namespace, name, err }))
}

export function assertNotInvalidated({ metadata }: Secret, account: string): void {
  const { namespace, name, labels = {} } = metadata ?? {}
  if (!labels[INVALID_SINCE]) return
  throw new Error(
    `the token in secret ${namespace}/${name} for service account ${namespace}/${account} has been marked invalid. Use tokens from the TokenRequest API or manually created secret-based tokens, or remove the '${INVALID_SINCE}' label from the secret to temporarily allow use of this token`,
  )
}

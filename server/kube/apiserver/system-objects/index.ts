// What a cluster has before anybody asks. Whoever deletes it gets it back.

import type { Clock } from '../../../base/clock.ts'
import type { Logger } from '../../../base/logger.ts'
import type { KubeObject } from '../../apimachinery/object-meta.ts'
import { createClient } from '../../client/client.ts'
import type { Transport } from '../../client/transport.ts'
import type { PostStartHooks } from '../post-start-hooks.ts'
import { metricsReaders } from '../resource-metrics/answer.ts'
import { apiServices, type GroupVersion } from './api-services.ts'
import { priorityClasses, serviceRange } from './defaults.ts'
import { extensionAuthentication } from './extension-authentication.ts'
import { flowControl } from './flow-control.ts'
import { legacyTokenTracking } from './legacy-token-tracking.ts'
import { type OwnServiceOptions, ownService, systemNamespaces } from './own-service.ts'
import type { Peek } from './part.ts'
import { serviceIpAddresses } from './service-ip-addresses.ts'

const KEEP_MS = 10_000

export interface SystemObjectsOptions extends OwnServiceOptions {
  transport: Transport
  peek: Peek
  services(): Iterable<KubeObject>
  /** The versions that this server serves of its own. */
  served: readonly GroupVersion[]
  /** Of the authority whose client certificates are believed. */
  caPem: string
  hasFrontProxy: boolean
  hooks: PostStartHooks
  clock: Clock
  logger: Logger
}

/** Resolves when everything is there, and keeps it so. */
export async function keepSystemObjects(options: SystemObjectsOptions): Promise<Disposable> {
  const { transport, peek, hooks, clock, logger } = options
  const client = createClient(transport)
  const parts = [
    systemNamespaces(),
    ownService(options),
    priorityClasses(),
    serviceRange(options),
    apiServices(options.served),
    extensionAuthentication(options),
    legacyTokenTracking(clock),
    flowControl(clock),
    metricsReaders(),
    serviceIpAddresses(options.services),
  ]
  for (const part of parts) {
    await part.ensure(client, peek)
    hooks.done(...(part.hooks ?? []))
  }
  let timer = clock.setTimeout(turn, KEEP_MS)
  let isStopped = false
  return {
    [Symbol.dispose]() {
      isStopped = true
      timer[Symbol.dispose]()
    },
  }

  async function turn(): Promise<void> {
    try {
      for (const part of parts) if (!part.isComplete(peek)) await part.ensure(client, peek)
    } catch (err) {
      logger.warn('cannot restore what the system needs', { err })
    }
    if (!isStopped) timer = clock.setTimeout(turn, KEEP_MS)
  }
}

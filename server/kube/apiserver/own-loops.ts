// Loops that are the API server's own, as upstream: they look after what it serves, so they run where it runs.

import type { Clock } from '../../base/clock.ts'
import type { Logger } from '../../base/logger.ts'
import type { Metrics } from '../../base/metrics.ts'
import type { Trace } from '../../base/trace.ts'
import { createClient } from '../client/client.ts'
import type { ControllerDefinition } from '../client/controller-builder.ts'
import { runControllers } from '../client/controller-runner.ts'
import type { Transport } from '../client/transport.ts'
import type { Hook, PostStartHooks } from './post-start-hooks.ts'

export interface OwnLoop {
  definition: ControllerDefinition
  /** What has been done when its caches are full and it works. */
  hooks?: readonly Hook[]
}

export interface OwnLoops extends AsyncDisposable {
  /** Every loop has its caches full and works. */
  readonly ready: Promise<void>
  /** Loops whose caches are not full yet. */
  unsynced(): readonly string[]
}

export function runOwnLoops(
  loops: readonly OwnLoop[],
  told: {
    transportFor(client: string): Transport
    hooks: PostStartHooks
    clock: Clock
    logger: Logger
    trace: Trace
    metrics: Metrics
  },
): OwnLoops {
  const { clock, logger, trace, metrics, hooks, transportFor } = told
  const running = runControllers({
    definitions: loops.map(({ definition }) => definition),
    component: 'kube-apiserver',
    clientFor: (client) => createClient(transportFor(client)),
    clock,
    logger,
    trace,
    metrics,
    random: Math.random,
  })
  const unsynced = new Set(loops)
  const ready = loops.map(async (loop, index) => {
    await running.loops[index]?.ready
    unsynced.delete(loop)
    hooks.done(...(loop.hooks ?? []))
  })
  return {
    ready: Promise.all(ready).then(() => undefined),
    unsynced: () => [...unsynced].map(({ definition }) => definition.name),
    [Symbol.asyncDispose]: () => running[Symbol.asyncDispose](),
  }
}

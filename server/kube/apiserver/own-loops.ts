// Loops that are the API server's own, as upstream: they look after what it serves, so they run where it runs.

import type { Clock } from '../../base/clock.ts'
import type { Logger } from '../../base/logger.ts'
import type { Metrics } from '../../base/metrics.ts'
import type { Trace } from '../../base/trace.ts'
import { createClient } from '../client/client.ts'
import type { ControllerDefinition } from '../client/controller-builder.ts'
import { type RunningControllers, runControllers } from '../client/controller-runner.ts'
import type { Transport } from '../client/transport.ts'

export function runOwnLoops(
  definitions: readonly ControllerDefinition[],
  told: { transportFor(client: string): Transport; clock: Clock; logger: Logger; trace: Trace; metrics: Metrics },
): RunningControllers {
  const { clock, logger, trace, metrics, transportFor } = told
  return runControllers({
    definitions,
    component: 'kube-apiserver',
    clientFor: (client) => createClient(transportFor(client)),
    clock,
    logger,
    trace,
    metrics,
    random: Math.random,
  })
}

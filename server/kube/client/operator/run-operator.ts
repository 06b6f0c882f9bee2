// Runs somebody's own loops against a cluster, from wherever the program is, until it is told to stop.

import { systemClock } from '../../../base/clock.ts'
import { createLogger } from '../../../base/logger.ts'
import { createClient } from '../client.ts'
import type { ControllerDefinition } from '../controller-builder.ts'
import { runControllers } from '../controller-runner.ts'
import { type HttpsTransport, httpsTransport } from '../https-transport.ts'
import { findCluster } from './find-cluster.ts'
import { LoopReporter } from './loop-reporter.ts'

export interface OperatorOptions {
  /** Of the program: its requests go out as `<name>/<loop>-controller`. */
  name: string
  loops: readonly ControllerDefinition[]
  /** A file; else $KUBECONFIG, the pod's service account or ~/.kube/config. */
  kubeconfig?: string
  /** When to stop; SIGTERM and Ctrl-C say so too. */
  signal?: AbortSignal
}

/** Resolves when everything has stopped; rejects when there is no cluster to be found. */
export async function runOperator({ name, loops, kubeconfig, signal }: OperatorOptions): Promise<void> {
  const logger = createLogger({ level: 'info', write: (line) => void process.stderr.write(line) })
  const config = findCluster(kubeconfig, process)
  const transports = new Map<string, HttpsTransport>()
  const transportFor = (client: string) => {
    const known = transports.get(client) ?? httpsTransport({ ...config, userAgent: client })
    transports.set(client, known)
    return known
  }
  const clock = systemClock
  const stop = Promise.withResolvers<void>()
  for (const end of ['SIGTERM', 'SIGINT'] as const) process.once(end, () => stop.resolve())
  signal?.addEventListener('abort', () => stop.resolve(), { once: true })
  {
    await using reporter = new LoopReporter({ transportFor, clock, logger })
    await using running = runControllers({
      definitions: loops,
      component: name,
      clientFor: (client) => createClient(transportFor(client)),
      clock,
      logger,
      trace: reporter,
      random: Math.random,
    })
    await Promise.race([running.ready, stop.promise])
    logger.info('working', { server: config.server, loops: loops.map((loop) => loop.name).join(', ') })
    if (!signal?.aborted) await stop.promise
  }
  for (const transport of transports.values()) transport[Symbol.dispose]()
}

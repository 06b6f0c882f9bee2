// Custom resources: definitions, what is served of them, and the loop that looks after them.

import type { Clock } from '../../../base/clock.ts'
import type { Logger } from '../../../base/logger.ts'
import type { Trace } from '../../../base/trace.ts'
import { createCel } from '../../cel/cel.ts'
import { createClient } from '../../client/client.ts'
import { type RunningControllers, runControllers } from '../../client/controller-runner.ts'
import type { Transport } from '../../client/transport.ts'
import { CustomResourceDefinition } from '../../kinds/custom-resource-definition.ts'
import { CustomResources, type CustomResourcesOptions } from './custom-resources.ts'
import { definitionLoop } from './definition-loop.ts'

/** Resolves when the resources of all definitions that there are already are served. */
export async function serveCustomResources(options: Omit<CustomResourcesOptions, 'cel'>): Promise<CustomResources> {
  const resources = new CustomResources({ ...options, cel: createCel() })
  options.feed.cacheOf(CustomResourceDefinition).follow(resources)
  await resources.settled()
  return resources
}

export function runDefinitionLoop(
  resources: CustomResources,
  told: { transportFor(client: string): Transport; clock: Clock; logger: Logger; trace: Trace },
): RunningControllers {
  const { clock, logger, trace, transportFor } = told
  return runControllers({
    definitions: [definitionLoop(resources)],
    component: 'kube-apiserver',
    clientFor: (client) => createClient(transportFor(client)),
    clock,
    logger,
    trace,
    random: Math.random,
  })
}

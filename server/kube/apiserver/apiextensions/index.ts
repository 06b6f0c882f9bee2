// Custom resources: definitions, what is served of them, and the loop that looks after them (definition-loop.ts).

import { createCel } from '../../cel/cel.ts'
import { CustomResourceDefinition } from '../../kinds/custom-resource-definition.ts'
import { CustomResources, type CustomResourcesOptions } from './custom-resources.ts'

/** Resolves when the resources of all definitions that there are already are served. */
export async function serveCustomResources(options: Omit<CustomResourcesOptions, 'cel'>): Promise<CustomResources> {
  const resources = new CustomResources({ ...options, cel: createCel() })
  options.feed.cacheOf(CustomResourceDefinition).follow(resources)
  await resources.settled()
  return resources
}

export { definitionLoop } from './definition-loop.ts'

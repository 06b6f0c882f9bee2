// The plug-ins of the default scheduler, in the order in which they are asked.
//
// To add one: its file, and one line here. Weights of scores are with the plug-ins.

import type { Client } from '../../client/client.ts'
import type { Plugin } from '../framework.ts'
import { defaultBinder } from './default-binder.ts'
import { defaultPreemption } from './default-preemption.ts'
import { nodeAffinity } from './node-affinity.ts'
import { nodeName } from './node-name.ts'
import { nodePorts } from './node-ports.ts'
import { nodeResourcesBalancedAllocation } from './node-resources-balanced-allocation.ts'
import { nodeResourcesFit } from './node-resources-fit.ts'
import { nodeUnschedulable } from './node-unschedulable.ts'
import { type DefaultSpreading, podTopologySpread } from './pod-topology-spread.ts'
import { taintToleration } from './taint-toleration.ts'

export function defaultPlugins(options: { client: Client; spreading: DefaultSpreading }): Plugin[] {
  return [
    nodeUnschedulable,
    nodeName,
    taintToleration,
    nodeAffinity,
    nodePorts,
    nodeResourcesFit,
    podTopologySpread(options.spreading),
    nodeResourcesBalancedAllocation,
    defaultPreemption,
    defaultBinder(options.client),
  ]
}

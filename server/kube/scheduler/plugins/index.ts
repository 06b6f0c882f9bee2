// The plug-ins of the default scheduler, in the order in which they are asked.
//
// To add one: its file, and one line here. Weights of scores are with the plug-ins.

import type { PodDisruptionBudget } from 'kubernetes-types/policy/v1'
import type { Client } from '../../client/client.ts'
import type { Plugin } from '../framework.ts'
import type { NamespaceLabels } from '../pod-affinity.ts'
import type { StorageView } from '../storage-view.ts'
import { defaultBinder } from './default-binder.ts'
import { type DefaultPreemptionArguments, defaultPreemption } from './default-preemption.ts'
import { imageLocality } from './image-locality.ts'
import { type InterPodAffinityArguments, interPodAffinity } from './inter-pod-affinity.ts'
import { nodeAffinity } from './node-affinity.ts'
import { nodeName } from './node-name.ts'
import { nodePorts } from './node-ports.ts'
import { nodeResourcesBalancedAllocation } from './node-resources-balanced-allocation.ts'
import { LEAST_ALLOCATED, nodeResourcesFit, type ScoringStrategy } from './node-resources-fit.ts'
import { nodeUnschedulable } from './node-unschedulable.ts'
import {
  type DefaultSpreading,
  type PodTopologySpreadArguments,
  podTopologySpread,
  SYSTEM_DEFAULTS,
} from './pod-topology-spread.ts'
import { taintToleration } from './taint-toleration.ts'
import { volumeBinding } from './volume-binding.ts'

export interface PluginOptions {
  client: Client
  spreading: DefaultSpreading
  namespaceLabels: NamespaceLabels
  budgets: () => readonly PodDisruptionBudget[]
  storage: StorageView
}

/** By the names that a configuration has for them, without `Args`. */
export interface PluginArguments {
  NodeResourcesFit: { scoringStrategy: ScoringStrategy }
  PodTopologySpread: PodTopologySpreadArguments
  InterPodAffinity: InterPodAffinityArguments
  DefaultPreemption: DefaultPreemptionArguments
}

export const DEFAULT_ARGUMENTS: PluginArguments = {
  NodeResourcesFit: { scoringStrategy: LEAST_ALLOCATED },
  PodTopologySpread: { defaultConstraints: SYSTEM_DEFAULTS },
  InterPodAffinity: { hardPodAffinityWeight: 1 },
  DefaultPreemption: { minCandidateNodesPercentage: 10, minCandidateNodesAbsolute: 100 },
}

export function defaultPlugins(options: PluginOptions, told: Partial<PluginArguments> = {}): Plugin[] {
  const { client, spreading, namespaceLabels, budgets, storage } = options
  const args = { ...DEFAULT_ARGUMENTS, ...told }
  return [
    nodeUnschedulable,
    nodeName,
    taintToleration,
    nodeAffinity,
    nodePorts,
    nodeResourcesFit(args.NodeResourcesFit.scoringStrategy),
    volumeBinding(storage),
    podTopologySpread({ ...spreading, ...args.PodTopologySpread }),
    interPodAffinity(namespaceLabels, args.InterPodAffinity),
    nodeResourcesBalancedAllocation,
    imageLocality,
    defaultPreemption(budgets, args.DefaultPreemption),
    defaultBinder(client),
  ]
}

// The plug-ins of the default scheduler, in the order in which they are asked.
//
// To add one: its file, and one line here. Weights of scores are with the plug-ins.

import type { PodDisruptionBudget } from 'kubernetes-types/policy/v1'
import type { Client } from '../../client/client.ts'
import type { Plugin } from '../framework.ts'
import type { NamespaceLabels } from '../pod-affinity.ts'
import type { StorageView } from '../storage-view.ts'
import { defaultBinder } from './default-binder.ts'
import { defaultPreemption } from './default-preemption.ts'
import { imageLocality } from './image-locality.ts'
import { interPodAffinity } from './inter-pod-affinity.ts'
import { nodeAffinity } from './node-affinity.ts'
import { nodeName } from './node-name.ts'
import { nodePorts } from './node-ports.ts'
import { nodeResourcesBalancedAllocation } from './node-resources-balanced-allocation.ts'
import { nodeResourcesFit } from './node-resources-fit.ts'
import { nodeUnschedulable } from './node-unschedulable.ts'
import { type DefaultSpreading, podTopologySpread } from './pod-topology-spread.ts'
import { taintToleration } from './taint-toleration.ts'
import { volumeBinding } from './volume-binding.ts'

export interface PluginOptions {
  client: Client
  spreading: DefaultSpreading
  namespaceLabels: NamespaceLabels
  budgets: () => readonly PodDisruptionBudget[]
  storage: StorageView
}

export function defaultPlugins({ client, spreading, namespaceLabels, budgets, storage }: PluginOptions): Plugin[] {
  return [
    nodeUnschedulable,
    nodeName,
    taintToleration,
    nodeAffinity,
    nodePorts,
    nodeResourcesFit,
    volumeBinding(storage),
    podTopologySpread(spreading),
    interPodAffinity(namespaceLabels),
    nodeResourcesBalancedAllocation,
    imageLocality,
    defaultPreemption(budgets),
    defaultBinder(client),
  ]
}

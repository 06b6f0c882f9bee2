// The plug-ins of the default scheduler, in the order in which they are asked.
//
// To add one: its file, and one line here. Weights of scores are with the plug-ins.

import type { PodDisruptionBudget } from 'kubernetes-types/policy/v1'
import type { Client } from '../../client/client.ts'
import type { NamespaceLabels } from '../../kinds/placement/pod-affinity.ts'
import type { DeviceView } from '../devices/device-view.ts'
import type { Plugin } from '../framework.ts'
import type { NodeUsage } from '../node-usage.ts'
import type { StorageView } from '../storage-view.ts'
import { defaultBinder } from './default-binder.ts'
import { type DefaultPreemptionArguments, defaultPreemption } from './default-preemption.ts'
import { dynamicResources } from './dynamic-resources.ts'
import { imageLocality } from './image-locality.ts'
import { type InterPodAffinityArguments, interPodAffinity } from './inter-pod-affinity.ts'
import { measuredUtilization } from './measured-utilization.ts'
import { type NodeAffinityArguments, nodeAffinity } from './node-affinity.ts'
import { nodeDeclaredFeatures } from './node-declared-features.ts'
import { nodeName } from './node-name.ts'
import { nodePorts } from './node-ports.ts'
import {
  type NodeResourcesBalancedAllocationArguments,
  nodeResourcesBalancedAllocation,
  PROCESSOR_AND_MEMORY,
} from './node-resources-balanced-allocation.ts'
import { LEAST_ALLOCATED, type NodeResourcesFitArguments, nodeResourcesFit } from './node-resources-fit.ts'
import { nodeUnschedulable } from './node-unschedulable.ts'
import { nodeVolumeLimits } from './node-volume-limits.ts'
import {
  type DefaultSpreading,
  type PodTopologySpreadArguments,
  podTopologySpread,
  SYSTEM_DEFAULTS,
} from './pod-topology-spread.ts'
import { taintToleration } from './taint-toleration.ts'
import { BIND_TIMEOUT_SECONDS, type VolumeBindingArguments, volumeBinding } from './volume-binding.ts'
import { volumeRestrictions } from './volume-restrictions.ts'
import { volumeZone } from './volume-zone.ts'

export interface PluginOptions {
  client: Client
  /** Resources that extenders ask us to leave to them. */
  seenToByExtenders: readonly string[]
  spreading: DefaultSpreading
  namespaceLabels: NamespaceLabels
  budgets: () => readonly PodDisruptionBudget[]
  storage: StorageView
  devices: DeviceView
  usage: NodeUsage
}

/** By the names that a configuration has for them, without `Args`. */
export interface PluginArguments {
  NodeAffinity: NodeAffinityArguments
  NodeResourcesBalancedAllocation: NodeResourcesBalancedAllocationArguments
  NodeResourcesFit: NodeResourcesFitArguments
  PodTopologySpread: PodTopologySpreadArguments
  InterPodAffinity: InterPodAffinityArguments
  DefaultPreemption: DefaultPreemptionArguments
  VolumeBinding: VolumeBindingArguments
}

export const DEFAULT_ARGUMENTS: PluginArguments = {
  NodeAffinity: {},
  NodeResourcesBalancedAllocation: PROCESSOR_AND_MEMORY,
  NodeResourcesFit: { scoringStrategy: LEAST_ALLOCATED, ignoredResources: [], ignoredResourceGroups: [] },
  PodTopologySpread: { defaultConstraints: SYSTEM_DEFAULTS },
  InterPodAffinity: { hardPodAffinityWeight: 1, ignorePreferredTermsOfExistingPods: false },
  DefaultPreemption: { minCandidateNodesPercentage: 10, minCandidateNodesAbsolute: 100 },
  VolumeBinding: { bindTimeoutSeconds: BIND_TIMEOUT_SECONDS },
}

export function defaultPlugins(options: PluginOptions, told: Partial<PluginArguments> = {}): Plugin[] {
  const { client, seenToByExtenders, spreading, namespaceLabels, budgets, storage, devices, usage } = options
  const args = { ...DEFAULT_ARGUMENTS, ...told }
  return [
    nodeUnschedulable,
    nodeName,
    taintToleration,
    nodeAffinity(args.NodeAffinity),
    nodePorts,
    nodeResourcesFit(
      {
        ...args.NodeResourcesFit,
        ignoredResources: [...args.NodeResourcesFit.ignoredResources, ...seenToByExtenders],
      },
      devices,
    ),
    volumeRestrictions(storage),
    nodeVolumeLimits(storage),
    volumeBinding(storage, args.VolumeBinding),
    volumeZone(storage),
    podTopologySpread({ ...spreading, ...args.PodTopologySpread }),
    interPodAffinity(namespaceLabels, args.InterPodAffinity),
    // Before preemption: an idle claim is given back sooner than a pod is sent away.
    dynamicResources(devices),
    defaultPreemption(budgets, args.DefaultPreemption),
    nodeResourcesBalancedAllocation(args.NodeResourcesBalancedAllocation),
    imageLocality,
    measuredUtilization(usage),
    defaultBinder(client),
    nodeDeclaredFeatures,
  ]
}

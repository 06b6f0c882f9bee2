// Pods and nodes as tables of decisions name them, and one decision by the default plug-ins.

import type { Node, Pod } from 'kubernetes-types/core/v1'
import type { PodDisruptionBudget } from 'kubernetes-types/policy/v1'
import { selectorOfMap } from '../../apimachinery/label-selector.ts'
import type { Client } from '../../client/client.ts'
import { type CycleOptions, decide } from '../cycle.ts'
import type { DeviceView } from '../devices/device-view.ts'
import { NodeInfo } from '../node-info.ts'
import { NodeList } from '../node-list.ts'
import type { NodeUsage } from '../node-usage.ts'
import { defaultPlugins, type PluginOptions } from '../plugins/index.ts'
import type { StorageView } from '../storage-view.ts'

/** What plug-ins ask of the cluster around them. */
export const world: PluginOptions = {
  client: {} as Client,
  seenToByExtenders: [],
  spreading: { selectorFor: (pod) => (pod.metadata?.labels?.spread ? selectorOfMap({ spread: 'yes' }) : undefined) },
  namespaceLabels: (name) => ({ 'kubernetes.io/metadata.name': name }),
  budgets: () => [],
  storage: {} as StorageView,
  devices: { classServing: () => undefined } as unknown as DeviceView,
  usage: {} as NodeUsage,
}

export const GI = 2 ** 30

export function node(
  name: string,
  told: {
    spec?: Node['spec']
    labels?: Record<string, string>
    cpu?: string
    memory?: string
    pods?: string
    on?: Pod[]
    images?: Record<string, number>
  } = {},
): NodeInfo {
  const { cpu = '4', memory = '8Gi', pods = '110', labels = {}, spec, on = [], images = {} } = told
  const info = new NodeInfo(name)
  info.setNode({
    metadata: { name, labels: { 'kubernetes.io/hostname': name, ...labels } },
    ...(spec ? { spec } : {}),
    status: {
      allocatable: { cpu, memory, pods },
      images: Object.entries(images).map(([image, sizeBytes]) => ({ names: [image], sizeBytes })),
    },
  })
  for (const pod of on) info.addPod(pod)
  return info
}

let serial = 0
export function pod(spec: Partial<NonNullable<Pod['spec']>> = {}, labels: Record<string, string> = {}): Pod {
  return {
    metadata: { name: `pod-${serial++}`, namespace: 'default', labels },
    spec: { containers: [{ name: 'c' }], ...spec },
  }
}
export const asking = (cpu: string, memory = '0', more: Partial<NonNullable<Pod['spec']>> = {}) =>
  pod({ containers: [{ name: 'c', resources: { requests: { cpu, memory } } }], ...more })

export function run(
  what: Pod,
  nodes: NodeInfo[],
  {
    budgets = [],
    storage = world.storage,
    devices = world.devices,
    ...options
  }: Partial<CycleOptions> & { budgets?: PodDisruptionBudget[]; storage?: StorageView; devices?: DeviceView } = {},
) {
  const plugins = pluginsOf({ ...world, budgets: () => budgets, storage, devices })
  return decide(what, new NodeList(nodes), { plugins, random: () => 0.99, startAt: 0, ...options })
}

/** Those that take part unless told otherwise. */
export const pluginsOf = (options: PluginOptions) => defaultPlugins(options).filter(({ isOptional }) => !isOptional)

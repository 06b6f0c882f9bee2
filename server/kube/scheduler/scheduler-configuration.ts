// Reads a KubeSchedulerConfiguration (kubescheduler.config.k8s.io/v1): profiles, which plug-ins each has at which stage,
// their weights and arguments. Upstream: kube-scheduler/config/v1/types.go, kubernetes/pkg/scheduler/apis/config/validation.

import { parse } from 'yaml'
import { z } from 'zod'
import { extendersConfiguration } from './extenders/extender-configuration.ts'
import type { PluginArguments } from './plugins/index.ts'
import { PROCESSOR_AND_MEMORY } from './plugins/node-resources-balanced-allocation.ts'
import { LEAST_ALLOCATED, type ScoringStrategy } from './plugins/node-resources-fit.ts'
import { BIND_TIMEOUT_SECONDS } from './plugins/volume-binding.ts'

const API_VERSION = 'kubescheduler.config.k8s.io/v1'
const POINTS = [
  'preEnqueue',
  'queueSort',
  'preFilter',
  'filter',
  'postFilter',
  'preScore',
  'score',
  'reserve',
  'permit',
  'preBind',
  'bind',
  'postBind',
] as const
export type ExtensionPoint = (typeof POINTS)[number]

/** At one stage: `*` disables all that are not enabled here. */
const pluginSet = z.strictObject({
  enabled: z.array(z.strictObject({ name: z.string(), weight: z.int().min(0).optional() })).default([]),
  disabled: z.array(z.strictObject({ name: z.string() })).default([]),
})
export type PluginSet = z.infer<typeof pluginSet>

const resources = z.array(z.strictObject({ name: z.string(), weight: z.int().min(1).max(100).default(1) })).min(1)
const shape = z
  .array(z.strictObject({ utilization: z.int().min(0).max(100), score: z.int().min(0).max(10) }))
  .min(1)
  .refine((points) => points.every((point, at) => at === 0 || point.utilization > points[at - 1]!.utilization), {
    message: 'utilization values must be sorted in increasing order',
  })

/** Every set of arguments may name its type, as upstream's files do. */
const typed = <T extends z.ZodRawShape>(kind: string, fields: T) =>
  z.strictObject({ apiVersion: z.literal(API_VERSION).optional(), kind: z.literal(kind).optional(), ...fields })

const requirement = z.strictObject({
  key: z.string().min(1),
  operator: z.enum(['In', 'NotIn', 'Exists', 'DoesNotExist', 'Gt', 'Lt']),
  values: z.array(z.string()).optional(),
})
const nodeTerm = z.strictObject({
  matchExpressions: z.array(requirement).optional(),
  matchFields: z.array(requirement).optional(),
})
const nodeAffinity = z.strictObject({
  requiredDuringSchedulingIgnoredDuringExecution: z
    .strictObject({ nodeSelectorTerms: z.array(nodeTerm).min(1) })
    .optional(),
  preferredDuringSchedulingIgnoredDuringExecution: z
    .array(z.strictObject({ weight: z.int().min(1).max(100), preference: nodeTerm }))
    .optional(),
})

const isTwice = <T>(list: readonly T[], of: (one: T) => string) => new Set(list.map(of)).size < list.length

const ARGUMENTS = {
  NodeAffinity: typed('NodeAffinityArgs', { addedAffinity: nodeAffinity.optional() }),
  NodeResourcesBalancedAllocation: typed('NodeResourcesBalancedAllocationArgs', {
    resources: z
      .array(
        z.strictObject({
          name: z.string(),
          weight: z.literal(1, { error: 'resource weight not in valid range [1, 1]' }).default(1),
        }),
      )
      .refine((told) => !isTwice(told, ({ name }) => name), { message: 'Duplicate value' })
      .default(PROCESSOR_AND_MEMORY.resources.map(({ name }) => ({ name, weight: 1 as const }))),
  }),
  NodeResourcesFit: typed('NodeResourcesFitArgs', {
    ignoredResources: z.array(z.string().min(1)).default([]),
    ignoredResourceGroups: z
      .array(z.string().refine((group) => !group.includes('/'), { message: "resource group name can't contain '/'" }))
      .default([]),
    scoringStrategy: z
      .strictObject({
        type: z.enum(['LeastAllocated', 'MostAllocated', 'RequestedToCapacityRatio']),
        resources: resources.default([
          { name: 'cpu', weight: 1 },
          { name: 'memory', weight: 1 },
        ]),
        requestedToCapacityRatio: z.strictObject({ shape }).optional(),
      })
      .refine((told) => told.type !== 'RequestedToCapacityRatio' || told.requestedToCapacityRatio, {
        message: 'requestedToCapacityRatio.shape is needed for this type',
      })
      .refine((told) => told.type === 'RequestedToCapacityRatio' || !told.requestedToCapacityRatio, {
        path: ['requestedToCapacityRatio'],
        message: 'Forbidden: must be nil when type is not RequestedToCapacityRatio',
      })
      .transform(({ requestedToCapacityRatio, ...rest }): ScoringStrategy => ({ ...rest, ...requestedToCapacityRatio }))
      .default(LEAST_ALLOCATED),
  }),
  PodTopologySpread: typed('PodTopologySpreadArgs', {
    defaultingType: z.enum(['System', 'List']).default('System'),
    defaultConstraints: z
      .array(
        z.strictObject({
          topologyKey: z.string().min(1),
          maxSkew: z.int().min(1),
          whenUnsatisfiable: z.enum(['DoNotSchedule', 'ScheduleAnyway']),
        }),
      )
      .refine((told) => !isTwice(told, ({ topologyKey, whenUnsatisfiable }) => `${topologyKey} ${whenUnsatisfiable}`), {
        message: 'Duplicate value',
      })
      .default([]),
  }).refine(({ defaultingType, defaultConstraints }) => defaultingType === 'List' || defaultConstraints.length === 0, {
    path: ['defaultingType'],
    message: 'Invalid value: "System": when .defaultConstraints are not empty',
  }),
  InterPodAffinity: typed('InterPodAffinityArgs', {
    hardPodAffinityWeight: z.int().min(0).max(100).default(1),
    ignorePreferredTermsOfExistingPods: z.boolean().default(false),
  }),
  DefaultPreemption: typed('DefaultPreemptionArgs', {
    minCandidateNodesPercentage: z.int().min(0).max(100).default(10),
    minCandidateNodesAbsolute: z.int().min(0).default(100),
  }).refine((told) => told.minCandidateNodesPercentage > 0 || told.minCandidateNodesAbsolute > 0, {
    path: ['minCandidateNodesPercentage'],
    message: 'Invalid value: 0: cannot be zero at the same time as minCandidateNodesAbsolute',
  }),
  VolumeBinding: typed('VolumeBindingArgs', { bindTimeoutSeconds: z.int().min(0).default(BIND_TIMEOUT_SECONDS) }),
}

const isConfigurable = (name: string): name is keyof typeof ARGUMENTS => Object.hasOwn(ARGUMENTS, name)

const pluginConfig = z
  .array(z.strictObject({ name: z.string(), args: z.unknown() }))
  .default([])
  .transform((entries, context) => {
    const read: Partial<PluginArguments> = {}
    for (const [index, { name, args }] of entries.entries()) {
      if (entries.findIndex((entry) => entry.name === name) < index) {
        context.addIssue({ code: 'custom', path: [index], message: `Duplicate value: "${name}"` })
      }
      if (!isConfigurable(name)) {
        const known = Object.keys(ARGUMENTS).join(', ')
        context.addIssue({
          code: 'custom',
          path: [index, 'name'],
          message: `"${name}" takes no arguments; ${known} do`,
        })
        continue
      }
      const result = ARGUMENTS[name].safeParse(args)
      for (const issue of result.error?.issues ?? [])
        context.addIssue({ ...issue, code: 'custom', path: [index, 'args', ...issue.path] })
      if (result.success) Object.assign(read, { [name]: result.data })
    }
    // The system's own constraints are what there is without any.
    const spread = read.PodTopologySpread as { defaultingType?: string } | undefined
    if (spread?.defaultingType === 'System') delete read.PodTopologySpread
    return read
  })

const profile = z.strictObject({
  schedulerName: z.string().min(1).default('default-scheduler'),
  percentageOfNodesToScore: z.int().min(0).max(100).optional(),
  plugins: z
    .strictObject({
      multiPoint: pluginSet.optional(),
      ...(Object.fromEntries(POINTS.map((point) => [point, pluginSet.optional()])) as Record<
        ExtensionPoint,
        z.ZodOptional<typeof pluginSet>
      >),
    })
    .default({}),
  pluginConfig,
})
export type ProfileConfiguration = z.infer<typeof profile>

/** What upstream's files say of the process: ours goes by its flags, and decides about one pod after the other. */
const NOT_HEEDED = {
  parallelism: z.int().min(1).optional(),
  leaderElection: z
    .strictObject({
      leaderElect: z.boolean().optional(),
      leaseDuration: z.string().optional(),
      renewDeadline: z.string().optional(),
      retryPeriod: z.string().optional(),
      resourceLock: z.literal('leases', { error: 'resourceLock value must be "leases"' }).optional(),
      resourceName: z.string().optional(),
      resourceNamespace: z.string().optional(),
    })
    .optional(),
  clientConnection: z
    .strictObject({
      kubeconfig: z.string().optional(),
      acceptContentTypes: z.string().optional(),
      contentType: z.string().optional(),
      qps: z.number().optional(),
      burst: z.int().optional(),
    })
    .optional(),
  enableProfiling: z.boolean().optional(),
  enableContentionProfiling: z.boolean().optional(),
  delayCacheUntilActive: z.boolean().optional(),
}

const configuration = z
  .strictObject({
    apiVersion: z.literal(API_VERSION),
    kind: z.literal('KubeSchedulerConfiguration'),
    percentageOfNodesToScore: z.int().min(0).max(100).default(0),
    extenders: extendersConfiguration,
    ...NOT_HEEDED,
    podInitialBackoffSeconds: z.int().min(1).default(1),
    podMaxBackoffSeconds: z.int().min(1).default(10),
    profiles: z
      .array(profile)
      .min(1)
      .default([profile.parse({})]),
  })
  .refine(({ podInitialBackoffSeconds: first, podMaxBackoffSeconds: most }) => most >= first, {
    path: ['podMaxBackoffSeconds'],
    message: 'must be greater than or equal to PodInitialBackoffSeconds',
  })
  .refine(({ profiles }) => new Set(profiles.map((told) => told.schedulerName)).size === profiles.length, {
    path: ['profiles'],
    message: 'two profiles have the same schedulerName',
  })
export type SchedulerConfiguration = z.infer<typeof configuration>

export const DEFAULT_CONFIGURATION: SchedulerConfiguration = configuration.parse({
  apiVersion: API_VERSION,
  kind: 'KubeSchedulerConfiguration',
})

/** Throws with everything that is wrong, in words for whoever wrote the file. */
export function readSchedulerConfiguration(source: string, file: string): SchedulerConfiguration {
  let told: unknown
  try {
    told = parse(source)
  } catch (err) {
    throw new Error(`${file}: ${(err as Error).message}`, { cause: err })
  }
  const result = configuration.safeParse(told)
  if (result.success) return result.data
  const problems = result.error.issues.map(({ path, message }) => `${path.join('.') || 'configuration'}: ${message}`)
  throw new Error(`${file}: ${problems.join('; ')}`)
}

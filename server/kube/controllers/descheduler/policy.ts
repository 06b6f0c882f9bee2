// Reads a DeschedulerPolicy (descheduler/v1alpha2), the file of upstream's descheduler: which strategies are asked with which
// arguments, who may be sent away, and how many at most. What we have not got is refused by name, never passed over.
// Upstream: kubernetes-sigs/descheduler, pkg/api/v1alpha2, pkg/framework/plugins/*/types.go.

import { parse } from 'yaml'
import { z } from 'zod'

const percent = z.number().min(0).max(100)
const thresholds = z.strictObject({ cpu: percent.optional(), memory: percent.optional(), pods: percent.optional() })
const labelSelector = z.strictObject({
  matchLabels: z.record(z.string(), z.string()).optional(),
  matchExpressions: z
    .array(
      z.strictObject({
        key: z.string().min(1),
        operator: z.enum(['In', 'NotIn', 'Exists', 'DoesNotExist']),
        values: z.array(z.string()).optional(),
      }),
    )
    .optional(),
})
const namespaces = z
  .strictObject({ include: z.array(z.string()).default([]), exclude: z.array(z.string()).default([]) })
  .refine(({ include, exclude }) => include.length === 0 || exclude.length === 0, {
    message: 'only one of Include/Exclude namespaces can be set',
  })
const whom = { namespaces: namespaces.optional(), labelSelector: labelSelector.optional() }

const ARGUMENTS = {
  DefaultEvictor: z.strictObject({
    evictLocalStoragePods: z.boolean().default(false),
    evictSystemCriticalPods: z.boolean().default(false),
    ignorePvcPods: z.boolean().default(false),
    nodeFit: z.boolean().default(false),
    labelSelector: labelSelector.optional(),
    priorityThreshold: z.strictObject({ value: z.int() }).optional(),
  }),
  RemovePodsViolatingNodeTaints: z.strictObject({
    ...whom,
    includePreferNoSchedule: z.boolean().default(false),
    excludedTaints: z.array(z.string()).default([]),
  }),
  RemovePodsViolatingNodeAffinity: z.strictObject({
    ...whom,
    nodeAffinityType: z
      .array(z.literal('requiredDuringSchedulingIgnoredDuringExecution'))
      .min(1)
      .default(['requiredDuringSchedulingIgnoredDuringExecution']),
  }),
  RemovePodsViolatingInterPodAntiAffinity: z.strictObject(whom),
  RemoveDuplicates: z.strictObject({
    namespaces: namespaces.optional(),
    excludeOwnerKinds: z.array(z.string()).default([]),
  }),
  RemovePodsViolatingTopologySpreadConstraint: z.strictObject({
    ...whom,
    constraints: z.array(z.enum(['DoNotSchedule', 'ScheduleAnyway'])).default(['DoNotSchedule']),
  }),
  LowNodeUtilization: z
    .strictObject({
      thresholds: thresholds.default({ cpu: 20, memory: 20, pods: 20 }),
      targetThresholds: thresholds.default({ cpu: 50, memory: 50, pods: 50 }),
      numberOfNodes: z.int().min(0).default(0),
      evictableNamespaces: namespaces.optional(),
    })
    .refine(({ thresholds: low, targetThresholds: high }) => sameNames(low, high), {
      message: 'thresholds and targetThresholds are not set for the same resources',
    })
    .refine(({ thresholds: low, targetThresholds: high }) => isBelow(low, high), {
      message: 'thresholds are greater than targetThresholds',
    }),
}

type Thresholds = z.infer<typeof thresholds>
const sameNames = (a: Thresholds, b: Thresholds) => Object.keys(a).sort().join() === Object.keys(b).sort().join()
const isBelow = (low: Thresholds, high: Thresholds) =>
  Object.entries(low).every(([name, value]) => value <= (high[name as keyof Thresholds] ?? 100))

type Name = keyof typeof ARGUMENTS
export type Arguments = { [N in Name]: z.infer<(typeof ARGUMENTS)[N]> }
export type StrategyName = Exclude<Name, 'DefaultEvictor'>
/** In the order in which they are asked. */
export const STRATEGY_NAMES = Object.keys(ARGUMENTS).filter((name): name is StrategyName => name !== 'DefaultEvictor')
const BALANCING: readonly string[] = [
  'RemoveDuplicates',
  'RemovePodsViolatingTopologySpreadConstraint',
  'LowNodeUtilization',
]

const known = (name: string): name is Name => Object.hasOwn(ARGUMENTS, name)
const enabled = (isOneOf: (name: string) => boolean, what: string) =>
  z
    .strictObject({
      enabled: z
        .array(
          z.string().refine(isOneOf, {
            error: ({ input }) =>
              `there is no ${what} plug-in "${input}"; there are ${[...STRATEGY_NAMES].filter(isOneOf).join(', ') || 'DefaultEvictor'}`,
          }),
        )
        .default([]),
    })
    .default({ enabled: [] })

const pluginConfig = z
  .array(z.strictObject({ name: z.string(), args: z.unknown().optional() }))
  .default([])
  .transform((entries, context): Arguments => {
    const read: Partial<Record<Name, unknown>> = {}
    for (const [at, { name, args }] of entries.entries()) {
      if (!known(name)) {
        const message = `there is no plug-in "${name}"; there are ${Object.keys(ARGUMENTS).join(', ')}`
        context.addIssue({ code: 'custom', path: [at, 'name'], message })
        continue
      }
      const result = ARGUMENTS[name].safeParse(args ?? {})
      for (const issue of result.error?.issues ?? []) {
        context.addIssue({ ...issue, code: 'custom', path: [at, 'args', ...issue.path] })
      }
      if (result.success) read[name] = result.data
    }
    const all = Object.entries(ARGUMENTS).map(([name, schema]) => [name, read[name as Name] ?? schema.parse({})])
    return Object.fromEntries(all) as Arguments
  })

const isBalancing = (name: string) => BALANCING.includes(name)
const isStrategy = (name: string) => (STRATEGY_NAMES as readonly string[]).includes(name)
const isEvictor = (name: string) => name === 'DefaultEvictor'

const policy = z.strictObject({
  apiVersion: z.literal('descheduler/v1alpha2'),
  kind: z.literal('DeschedulerPolicy'),
  maxNoOfPodsToEvictPerNode: z.int().min(0).optional(),
  maxNoOfPodsToEvictPerNamespace: z.int().min(0).optional(),
  maxNoOfPodsToEvictTotal: z.int().min(0).optional(),
  profiles: z
    .array(
      z.strictObject({
        name: z.string().min(1),
        pluginConfig,
        plugins: z
          .strictObject({
            deschedule: enabled((name) => isStrategy(name) && !isBalancing(name), 'deschedule'),
            balance: enabled(isBalancing, 'balance'),
            filter: enabled(isEvictor, 'filter'),
            preEvictionFilter: enabled(isEvictor, 'filter'),
          })
          .default({
            deschedule: { enabled: [] },
            balance: { enabled: [] },
            filter: { enabled: [] },
            preEvictionFilter: { enabled: [] },
          }),
      }),
    )
    .min(1),
})

export type DeschedulerPolicy = z.infer<typeof policy>

/** All that we have, with the thresholds of upstream's documentation. */
export const DEFAULT_POLICY: DeschedulerPolicy = policy.parse({
  apiVersion: 'descheduler/v1alpha2',
  kind: 'DeschedulerPolicy',
  profiles: [
    {
      name: 'default',
      plugins: {
        deschedule: { enabled: STRATEGY_NAMES.filter((name) => !isBalancing(name)) },
        balance: { enabled: STRATEGY_NAMES.filter(isBalancing) },
      },
    },
  ],
})

/** Throws with everything that is wrong, in words for whoever wrote the file. */
export function readDeschedulerPolicy(source: string, file: string): DeschedulerPolicy {
  let told: unknown
  try {
    told = parse(source)
  } catch (err) {
    throw new Error(`${file}: ${(err as Error).message}`, { cause: err })
  }
  const result = policy.safeParse(told)
  if (result.success) return result.data
  const problems = result.error.issues.map(({ path, message }) => `${path.join('.') || 'policy'}: ${message}`)
  throw new Error(`${file}: ${problems.join('; ')}`)
}

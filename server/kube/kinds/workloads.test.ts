// The kinds that make pods, and those that bound them: what is filled in, what is refused and how they are shown.

import { describe, expect, it } from 'vitest'
import { deepCopy } from '../apimachinery/deep.ts'
import type { AnyKind } from './define-kind.ts'
import {
  ControllerRevision,
  CronJob,
  DaemonSet,
  Deployment,
  HorizontalPodAutoscaler,
  Job,
  LimitRange,
  PodDisruptionBudget,
  ReplicaSet,
  ReplicationController,
  ResourceQuota,
  RuntimeClass,
  StatefulSet,
} from './index.ts'
import { statusProblems, updateProblems } from './testing/kind-facts.ts'

const NOW = Date.parse('2026-01-01T01:00:00Z')
const AT = 'spec.template.spec'
const always = {
  metadata: { labels: { app: 'web' } },
  spec: { restartPolicy: 'Always', dnsPolicy: 'Default', containers: [{ name: 'a', image: 'b' }] },
}
const never = { metadata: {}, spec: { ...always.spec, restartPolicy: 'Never' } }
const selector = { matchLabels: { app: 'web' } }
const nodeAffinity = {
  requiredDuringSchedulingIgnoredDuringExecution: {
    nodeSelectorTerms: [{ matchExpressions: [{ key: 'disk', operator: 'Exists' }] }],
  },
}

function made<T extends object>(kind: AnyKind, object: T): T {
  const copy = deepCopy({ metadata: { name: 'x', uid: 'u' }, ...object })
  kind.strategy.setDefaults?.(copy)
  kind.strategy.prepareForCreate?.(copy)
  return copy as T
}
function problems(kind: AnyKind, object: object): string[] {
  const { validate, validateCreate } = kind.strategy
  return [...(validate?.(object) ?? []), ...(validateCreate?.(object) ?? [])].map((e) => `${e.field}: ${e.message}`)
}
const changed = (kind: AnyKind, before: object, next: object) =>
  (kind.strategy.validateUpdate?.(next, before) ?? []).map((e) => `${e.field}: ${e.message}`)
const row = (kind: AnyKind, object: object) =>
  Object.fromEntries(kind.columns.map(({ name, value }) => [name, value(object, NOW)]))

describe('left out, these are filled in', () => {
  it.each([
    [ReplicationController, { template: always }, { replicas: 1, selector: { app: 'web' } }],
    [
      StatefulSet,
      { selector, template: always },
      {
        replicas: 1,
        revisionHistoryLimit: 10,
        podManagementPolicy: 'OrderedReady',
        updateStrategy: { type: 'RollingUpdate', rollingUpdate: { partition: 0 } },
        persistentVolumeClaimRetentionPolicy: { whenDeleted: 'Retain', whenScaled: 'Retain' },
      },
    ],
    [
      DaemonSet,
      { selector, template: always },
      {
        revisionHistoryLimit: 10,
        updateStrategy: { type: 'RollingUpdate', rollingUpdate: { maxUnavailable: 1, maxSurge: 0 } },
      },
    ],
    [
      Job,
      { template: never },
      {
        completions: 1,
        parallelism: 1,
        backoffLimit: 6,
        completionMode: 'NonIndexed',
        suspend: false,
        manualSelector: false,
        podReplacementPolicy: 'TerminatingOrFailed',
        selector: { matchLabels: { 'batch.kubernetes.io/controller-uid': 'u' } },
      },
    ],
    [Job, { template: never, parallelism: 3 }, { parallelism: 3 }],
    [
      Job,
      {
        template: never,
        completionMode: 'Indexed',
        completions: 2,
        backoffLimitPerIndex: 1,
        podFailurePolicy: { rules: [{ action: 'Ignore', onPodConditions: [{ type: 'DisruptionTarget' }] }] },
      },
      {
        backoffLimit: 2147483647,
        podReplacementPolicy: 'Failed',
        podFailurePolicy: { rules: [{ onPodConditions: [{ status: 'True' }] }] },
      },
    ],
    [
      CronJob,
      { schedule: '@daily', jobTemplate: { spec: { template: never } } },
      {
        concurrencyPolicy: 'Allow',
        suspend: false,
        successfulJobsHistoryLimit: 3,
        failedJobsHistoryLimit: 1,
      },
    ],
    [
      LimitRange,
      { limits: [{ type: 'Container', max: { cpu: '2' }, min: { memory: '1Mi' } }] },
      {
        limits: [{ default: { cpu: '2' }, defaultRequest: { cpu: '2', memory: '1Mi' } }],
      },
    ],
  ] as [AnyKind, object, object][])('row %#', (kind, spec, expected) => {
    const object = made(kind, { spec }) as { spec: object }
    expect(object.spec).toMatchObject(expected)
    expect(problems(kind, object)).toEqual([])
  })

  it('only what upstream fills in', () => {
    expect(
      (made(Job, { spec: { template: never, parallelism: 3 } }) as { spec: { completions?: number } }).spec.completions,
    ).toBe(undefined)
    const job = made(CronJob, { spec: { schedule: '@daily', jobTemplate: { spec: { template: never } } } }).spec
      .jobTemplate.spec
    expect(Object.keys(job)).toEqual(['template'])
  })
})

describe('refused', () => {
  const sts = (spec: object) => ({ spec: { selector, template: always, ...spec } })
  const cron = (spec: object) => ({
    metadata: { name: 'x' },
    spec: { schedule: '@daily', jobTemplate: { spec: { template: never } }, ...spec },
  })
  it.each([
    [
      ReplicationController,
      { spec: { selector: { app: 'other' }, template: always } },
      ['spec.template.metadata.labels: Invalid value: {"app":"web"}: `selector` does not match template `labels`'],
    ],
    [
      StatefulSet,
      sts({ podManagementPolicy: 'Some' }),
      ["spec.podManagementPolicy: Invalid value: \"Some\": must be 'OrderedReady' or 'Parallel'"],
    ],
    [
      StatefulSet,
      sts({ selector: {} }),
      ['spec.selector: Invalid value: {}: empty selector is invalid for statefulset'],
    ],
    [
      StatefulSet,
      {},
      [
        'spec.selector: Required value',
        'spec.template.metadata.labels: Invalid value: null: `selector` does not match template `labels`',
        'spec.template.spec.containers: Required value',
      ],
    ],
    [
      StatefulSet,
      sts({ template: { ...always, spec: { ...always.spec, containers: [{ name: 'A', image: 'b' }] } } }),
      [expect.stringContaining(`${AT}.containers[0].name: Invalid value: "A": a lowercase RFC 1123 label`)],
    ],
    [
      StatefulSet,
      sts({
        serviceName: 'a.b',
        volumeClaimTemplates: [{ metadata: { name: 'data' }, spec: { accessModes: ['Some'] } }],
        // The loop names its pods itself, and mounts what was claimed for them.
        template: {
          ...always,
          spec: {
            ...always.spec,
            hostname: 'a_b',
            subdomain: 'a_b',
            containers: [{ name: 'a', image: 'b', volumeMounts: [{ name: 'data', mountPath: '/data' }] }],
          },
        },
      }),
      [
        'spec.volumeClaimTemplates[0].spec.accessModes: Unsupported value: "Some": supported values: "ReadOnlyMany", "ReadWriteMany", "ReadWriteOnce", "ReadWriteOncePod"',
        'spec.volumeClaimTemplates[0].spec.resources[storage]: Required value',
        'spec.serviceName: Invalid value: "a.b": must not contain dots',
      ],
    ],
    [StatefulSet, sts({ revisionHistoryLimit: -1 }), []],
    [
      StatefulSet,
      sts({ persistentVolumeClaimRetentionPolicy: { whenScaled: 'Some' } }),
      [
        'spec.persistentVolumeClaimRetentionPolicy.whenScaled: Unsupported value: "Some": supported values: "Retain", "Delete"',
      ],
    ],
    [
      StatefulSet,
      sts({ selector: { matchLabels: { '-': 'web' } } }),
      [
        expect.stringContaining('spec.selector.matchLabels: Invalid value: "-": name part must consist of'),
        'spec.selector: Invalid value: {"matchLabels":{"-":"web"}}',
      ],
    ],
    [
      Deployment,
      { spec: { template: always } },
      [
        'spec.selector: Required value',
        'spec.template.metadata.labels: Invalid value: {"app":"web"}: `selector` does not match template `labels`',
      ],
    ],
    [
      Deployment,
      sts({ selector: { matchLabels: { '-': 'web' } }, template: { spec: {} } }),
      [
        expect.stringContaining('spec.selector.matchLabels: Invalid value: "-": name part must consist of'),
        'spec.selector: Invalid value: {"matchLabels":{"-":"web"}}: invalid label selector',
      ],
    ],
    [
      Deployment,
      sts({ strategy: { type: 'Some' } }),
      [
        'spec.strategy: Unsupported value: {"Type":"Some","RollingUpdate":null}: supported values: "Recreate", "RollingUpdate"',
      ],
    ],
    [ReplicaSet, sts({ selector: {} }), ['spec.selector: Invalid value: {}: empty selector is invalid for deployment']],
    [
      DaemonSet,
      { spec: { template: always } },
      ['spec.template.metadata.labels: Invalid value: {"app":"web"}: `selector` does not match template `labels`'],
    ],
    [
      DaemonSet,
      sts({ updateStrategy: { type: 'Some' } }),
      [
        'spec.updateStrategy: Unsupported value: {"Type":"Some","RollingUpdate":null}: supported values: "RollingUpdate", "OnDelete"',
      ],
    ],
    [ControllerRevision, { revision: 1, data: [] }, ['data: Required value: data must be a valid JSON object']],
    [
      HorizontalPodAutoscaler,
      { spec: { scaleTargetRef: { apiVersion: 'apps/v1', kind: 'Deployment', name: 'a' } } },
      [
        'spec.maxReplicas: Required value: must be set and greater than 0',
        'spec.maxReplicas: Invalid value: 0: must be greater than or equal to `minReplicas`',
      ],
    ],
    [
      RuntimeClass,
      { scheduling: { tolerations: [1, 2].map(() => ({ key: 'a', operator: 'Exists' })) } },
      [
        'handler: Required value',
        'scheduling.tolerations[1]: Duplicate value: {"Key":"a","Operator":"Exists","Value":"","Effect":"","TolerationSeconds":null}',
      ],
    ],
    [
      StatefulSet,
      sts({ template: { ...always, spec: never.spec } }),
      [`${AT}.restartPolicy: Unsupported value: "Never": supported values: "Always"`],
    ],
    [
      StatefulSet,
      sts({ updateStrategy: { type: 'RollingUpdate', rollingUpdate: { partition: -1 } } }),
      ['spec.updateStrategy.rollingUpdate.partition: Invalid value: -1: must be greater than or equal to 0'],
    ],
    [
      DaemonSet,
      sts({ updateStrategy: { type: 'RollingUpdate', rollingUpdate: { maxUnavailable: 0, maxSurge: '0%' } } }),
      ['spec.updateStrategy.rollingUpdate.maxUnavailable: Required value: cannot be 0 when maxSurge is 0'],
    ],
    [
      DaemonSet,
      sts({ updateStrategy: { type: 'RollingUpdate', rollingUpdate: { maxUnavailable: 1, maxSurge: '5%' } } }),
      [
        'spec.updateStrategy.rollingUpdate.maxSurge: Invalid value: "5%": may not be set when maxUnavailable is non-zero',
      ],
    ],
    [
      ControllerRevision,
      { revision: -1 },
      ['revision: Invalid value: -1: must be greater than or equal to 0', 'data: Required value: data is mandatory'],
    ],
    [Job, { spec: { template: always } }, [`${AT}.restartPolicy: Required value: valid values: "OnFailure", "Never"`]],
    [
      Job,
      { spec: { template: never, completionMode: 'Indexed', parallelism: 2 } },
      ['spec.completions: Required value: when completion mode is Indexed'],
    ],
    [
      Job,
      { spec: { template: never, maxFailedIndexes: 1 } },
      [
        'spec.backoffLimitPerIndex: Required value: when maxFailedIndexes is specified',
        'spec.maxFailedIndexes: Invalid value: 1: requires indexed completion mode',
      ],
    ],
    [
      Job,
      {
        spec: {
          template: never,
          podFailurePolicy: {
            rules: [
              { action: 'FailIndex', onExitCodes: { operator: 'In', values: [2, 0, 2], containerName: 'z' } },
              { action: 'Ignore' },
            ],
          },
        },
      },
      [
        'spec.podFailurePolicy.rules[0].action: Invalid value: "FailIndex": requires the backoffLimitPerIndex to be set',
        'spec.podFailurePolicy.rules[0].onExitCodes.containerName: Invalid value: "z": must be one of the container or initContainer names in the pod template',
        'spec.podFailurePolicy.rules[0].onExitCodes.values[1]: Invalid value: 0: must not be 0 for the In operator',
        'spec.podFailurePolicy.rules[0].onExitCodes.values[2]: Duplicate value: 2',
        'spec.podFailurePolicy.rules[0].onExitCodes.values: Invalid value: [2,0,2]: must be ordered',
        'spec.podFailurePolicy.rules[1]: Invalid value: specifying one of OnExitCodes and OnPodConditions is required',
      ],
    ],
    [
      Job,
      {
        spec: {
          template: never,
          completionMode: 'Indexed',
          completions: 3,
          successPolicy: { rules: [{}, { succeededIndexes: '0-9' }, { succeededIndexes: '1,2', succeededCount: 3 }] },
        },
      },
      [
        'spec.successPolicy.rules[0]: Required value: at least one of succeededCount or succeededIndexes must be specified',
        'spec.successPolicy.rules[1].succeededIndexes: Invalid value: "0-9": error parsing succeededIndexes: too large index: "9"',
        'spec.successPolicy.rules[2].succeededCount: Invalid value: 3: must be less than or equal to 2 (the number of indexes in the specified succeededIndexes field)',
      ],
    ],
    [
      CronJob,
      cron({ schedule: '* * * *' }),
      ['spec.schedule: Invalid value: "* * * *": expected exactly 5 fields, found 4: [* * * *]'],
    ],
    [
      CronJob,
      cron({ schedule: 'TZ=UTC @daily' }),
      [
        'spec.schedule: Invalid value: "TZ=UTC @daily": cannot use TZ or CRON_TZ in schedule, use timeZone field instead',
      ],
    ],
    [CronJob, cron({ timeZone: 'Atlantis' }), ['spec.timeZone: Invalid value: "Atlantis": unknown time zone Atlantis']],
    [
      CronJob,
      { ...cron({}), metadata: { name: 'x'.repeat(53) } },
      [`metadata.name: Invalid value: "${'x'.repeat(53)}": must be no more than 52 characters`],
    ],
    [
      PodDisruptionBudget,
      { spec: { minAvailable: 1, maxUnavailable: '101%' } },
      [
        'spec: Invalid value: {"MinAvailable":1,"Selector":null,"MaxUnavailable":"101%","UnhealthyPodEvictionPolicy":null}: minAvailable and maxUnavailable cannot be both set',
        'spec.maxUnavailable: Invalid value: "101%": must not be greater than 100%',
      ],
    ],
    [
      LimitRange,
      { spec: { limits: [{ type: 'Container', min: { cpu: '2' }, max: { cpu: '1' } }] } },
      [
        'spec.limits[0].min[cpu]: Invalid value: "2": min value 2 is greater than max value 1',
        'spec.limits[0].default[cpu]: Invalid value: "2": min value 2 is greater than default value 1',
        'spec.limits[0].defaultRequest[cpu]: Invalid value: "1": min value 2 is greater than default request value 1',
      ].sort(),
    ],
    [
      ResourceQuota,
      { spec: { hard: { apples: '1', pods: '500m' }, scopes: ['BestEffort', 'NotBestEffort'] } },
      [
        'spec.hard[apples]: Invalid value: "apples": must be a standard resource type or fully qualified',
        'spec.hard[apples]: Invalid value: "apples": must be a standard resource for quota',
        'spec.hard[pods]: Invalid value: "500m": must be an integer',
        'spec.scopes: Invalid value: ["BestEffort","NotBestEffort"]: conflicting scopes',
      ],
    ],
  ] as [AnyKind, object, string[]][])('row %#', (kind, object, expected) => {
    const found = problems(kind, made(kind, object))
    expect(kind === LimitRange ? found.sort() : found).toEqual(expected)
  })
})

describe('the pods of a StatefulSet', () => {
  const of = (image: string, replicas = 1) => ({
    spec: { selector, replicas, template: { ...always, spec: { ...always.spec, containers: [{ name: 'a', image }] } } },
  })
  it('are looked at as they change, but where they were wrong before', () => {
    expect(updateProblems(StatefulSet, of('b'), of(''))).toEqual([`${AT}.containers[0].image: Required value`])
    expect(updateProblems(StatefulSet, of(''), of('', 2))).toEqual([])
  })
})

describe('made once', () => {
  const job = (spec: object, status = {}) => ({
    spec: { completions: 3, parallelism: 3, template: never, ...spec },
    status,
  })
  const frozen =
    "spec: Forbidden: updates to statefulset spec for fields other than 'replicas', 'ordinals', 'template', 'updateStrategy', 'revisionHistoryLimit', 'persistentVolumeClaimRetentionPolicy' and 'minReadySeconds' are forbidden"
  it.each([
    [StatefulSet, { spec: { replicas: 1, serviceName: 'a' } }, { spec: { replicas: 2, serviceName: 'a' } }, []],
    [StatefulSet, { spec: { serviceName: 'a' } }, { spec: { serviceName: 'b' } }, [frozen]],
    [Job, job({}), job({ completions: 4 }), ['spec.completions: Invalid value: 4: field is immutable']],
    [
      Job,
      job({ completionMode: 'Indexed' }),
      job({ completionMode: 'Indexed', completions: 4 }),
      ['spec.completions: Invalid value: 4: can only be modified in tandem with spec.parallelism'],
    ],
    [Job, job({ completionMode: 'Indexed' }), job({ completionMode: 'Indexed', completions: 4, parallelism: 4 }), []],
    [
      Job,
      job({ suspend: true }),
      job({ template: { ...never, spec: { ...never.spec, nodeSelector: { a: 'b' } } } }),
      [],
    ],
    [
      Job,
      job({ backoffLimitPerIndex: 1 }),
      job({}),
      ['spec.backoffLimitPerIndex: Invalid value: null: field is immutable'],
    ],
    [ControllerRevision, { data: { a: 1 } }, { data: { a: 2 } }, ['data: Invalid value: {"a":2}: field is immutable']],
  ] as [AnyKind, object, object, string[]][])('row %#', (kind, before, next, expected) => {
    expect(changed(kind, before, next)).toEqual(expected)
  })

  it('a Job that has begun stays where it is', () => {
    const begun = job({ suspend: true }, { startTime: '2026-01-01T00:00:00Z', active: 1 })
    const moved = job({ suspend: true, template: { ...never, spec: { ...never.spec, nodeSelector: { a: 'b' } } } })
    expect(changed(Job, begun, moved)).toEqual([
      expect.stringMatching(/^spec.template: Invalid value: .*: field is immutable$/),
    ])
    const going = job({ suspend: true }, { startTime: '2026-01-01T00:00:00Z' })
    expect(changed(Job, going, moved), 'also where it was never told that it is stopped').toHaveLength(1)
    const stopped = { conditions: [{ type: 'Suspended', status: 'True' }], startTime: '2026-01-01T00:00:00Z' }
    expect(changed(Job, job({ suspend: true }, stopped), moved), 'until it is stopped and its pods are gone').toEqual(
      [],
    )
  })

  it.each([
    ['how much they ask for', { containers: [{ name: 'a', image: 'b', resources: { requests: { cpu: '1' } } }] }, true],
    ['their image', { containers: [{ name: 'a', image: 'c' }] }, false],
    [
      'one more of them',
      {
        containers: [
          { name: 'a', image: 'b' },
          { name: 'c', image: 'b' },
        ],
      },
      false,
    ],
    ['on which nodes they go', { affinity: { nodeAffinity } }, true],
    ['with whom they go', { affinity: { nodeAffinity, podAffinity: {} } }, false],
  ])('a suspended Job lets its pods be told %s', (_what, told, isLet) => {
    const template = { ...never, spec: { ...never.spec, ...told } }
    expect(changed(Job, job({ suspend: true }), job({ suspend: true, template }))).toHaveLength(isLet ? 0 : 1)
  })

  it.each([
    ['an affinity that says nothing stays what it is', { affinity: {} }, { affinity: {} }],
    ['nothing may become one', {}, { affinity: {} }],
    ['and one of nodes may go', { affinity: { nodeAffinity } }, { affinity: {} }],
    ['or be taken away', { affinity: { nodeAffinity } }, {}],
  ])('of a suspended Job %s', (_what, before, next) => {
    const of = (told: object) => job({ suspend: true, template: { ...never, spec: { ...never.spec, ...told } } })
    expect(changed(Job, of(before), of(next))).toEqual([])
  })

  it('a schedule keeps its zone where it had one', () => {
    const at = (schedule: string, told: object = {}) => ({
      spec: { schedule, jobTemplate: { spec: { template: never } }, ...told },
    })
    expect(updateProblems(CronJob, at('TZ=UTC @daily'), at('TZ=UTC @hourly'))).toEqual([])
    expect(updateProblems(CronJob, at('TZ=UTC @daily'), at('TZ=UTC @hourly', { timeZone: 'UTC' }))).toEqual([
      'spec.schedule: Invalid value: "TZ=UTC @hourly": cannot use both timeZone field and TZ or CRON_TZ in schedule',
    ])
    expect(updateProblems(CronJob, at('@daily'), at('TZ=UTC @daily'))).toEqual([
      'spec.schedule: Invalid value: "TZ=UTC @daily": cannot use TZ or CRON_TZ in schedule, use timeZone field instead',
    ])
  })
})

describe('kubectl get', () => {
  const condition = (type: string) => ({ conditions: [{ type, status: 'True' }] })
  it.each([
    [
      Job,
      { spec: { completions: 3 }, status: { succeeded: 1, startTime: '2026-01-01T00:59:00Z' } },
      { Status: 'Running', Completions: '1/3', Duration: '60s' },
    ],
    [
      Job,
      {
        spec: { parallelism: 4 },
        status: {
          ...condition('Complete'),
          succeeded: 1,
          startTime: '2026-01-01T00:00:00Z',
          completionTime: '2026-01-01T00:00:09Z',
        },
      },
      { Status: 'Complete', Completions: '1/1 of 4', Duration: '9s' },
    ],
    [Job, { spec: {}, status: condition('Suspended') }, { Status: 'Suspended', Duration: '' }],
    [
      CronJob,
      {
        spec: { schedule: '@daily', suspend: true },
        status: { active: [{}], lastScheduleTime: '2026-01-01T00:55:00Z' },
      },
      { Schedule: '@daily', Timezone: '<none>', Suspend: 'True', Active: 1, 'Last Schedule': '5m' },
    ],
    [StatefulSet, { spec: { replicas: 3 }, status: { readyReplicas: 2 } }, { Ready: '2/3' }],
    [
      DaemonSet,
      {
        spec: { template: { spec: { nodeSelector: { disk: 'ssd' } } } },
        status: { desiredNumberScheduled: 2, numberReady: 1 },
      },
      { Desired: 2, Ready: 1, Available: 0, 'Node Selector': 'disk=ssd' },
    ],
    [
      PodDisruptionBudget,
      { spec: { maxUnavailable: '30%' }, status: { disruptionsAllowed: 1 } },
      { 'Min Available': 'N/A', 'Max Unavailable': '30%', 'Allowed Disruptions': 1 },
    ],
    [
      ControllerRevision,
      {
        metadata: { ownerReferences: [{ apiVersion: 'apps/v1', kind: 'StatefulSet', name: 'web', controller: true }] },
        revision: 2,
      },
      { Controller: 'statefulset.apps/web', Revision: 2 },
    ],
    [
      ResourceQuota,
      {
        status: {
          hard: { 'limits.cpu': '2', pods: '5', 'requests.cpu': '1' },
          used: { pods: '3', 'limits.cpu': '500m' },
        },
      },
      { Request: 'pods: 3/5, requests.cpu: 0/1', Limit: 'limits.cpu: 500m/2' },
    ],
  ] as [AnyKind, object, object][])('row %#', (kind, object, expected) => {
    expect(row(kind, object)).toMatchObject(expected)
  })
})

describe('what is told of those that own pods', () => {
  const above = 'cannot be greater than status.replicas'
  it.each<[AnyKind, object, object, string[]]>([
    [
      Deployment,
      { collisionCount: 2 },
      { replicas: 1, updatedReplicas: 2, availableReplicas: 1, unavailableReplicas: -1, collisionCount: 1 },
      [
        'status.unavailableReplicas: Invalid value: -1: must be greater than or equal to 0',
        `status.updatedReplicas: Invalid value: 2: ${above}`,
        'status.availableReplicas: Invalid value: 1: cannot be greater than readyReplicas',
        'status.collisionCount: Invalid value: 1: cannot be decremented',
      ],
    ],
    [Deployment, { collisionCount: 2 }, {}, ['status.collisionCount: Invalid value: 0: cannot be decremented']],
    [ReplicaSet, {}, { replicas: 2, fullyLabeledReplicas: 2, readyReplicas: 2, availableReplicas: 2 }, []],
    [
      ReplicationController,
      {},
      { replicas: 1, fullyLabeledReplicas: 2, observedGeneration: -1 },
      [
        'status.observedGeneration: Invalid value: -1: must be greater than or equal to 0',
        `status.fullyLabeledReplicas: Invalid value: 2: ${above}`,
      ],
    ],
    [
      StatefulSet,
      {},
      { replicas: 2, currentReplicas: 3, readyReplicas: 1, availableReplicas: 2 },
      [
        `status.currentReplicas: Invalid value: 3: ${above}`,
        'status.availableReplicas: Invalid value: 2: cannot be greater than status.readyReplicas',
      ],
    ],
    [
      DaemonSet,
      { collisionCount: 1 },
      { numberReady: -1 },
      [
        'status.numberReady: Invalid value: -1: must be greater than or equal to 0',
        'status.collisionCount: Invalid value: 0: cannot be decremented',
      ],
    ],
  ])('adds up: %#', (kind, previous, status, expected) => {
    expect(statusProblems(kind, { status: previous }, { status })).toEqual(expected)
  })
})

// The flow schemas and priority levels that every cluster has. Four are mandatory: nobody may make them otherwise. The
// rest is suggested: whoever changes one keeps it by the annotation set to false.
// Upstream: apiserver/pkg/apis/flowcontrol/bootstrap/default.go.

import type {
  FlowSchema,
  PolicyRulesWithSubjects,
  PriorityLevelConfiguration,
  PriorityLevelConfigurationSpec,
  Subject,
} from 'kubernetes-types/flowcontrol/v1'

export const AUTO_UPDATE = 'apf.kubernetes.io/autoupdate-spec'

const metadata = (name: string) => ({ name, annotations: { [AUTO_UPDATE]: 'true' } })

const level = (name: string, spec: PriorityLevelConfigurationSpec): PriorityLevelConfiguration => ({
  metadata: metadata(name),
  spec,
})

/** Requests wait in queues; `lendable` of its seats may be used by others while they are free. */
const queued = (
  name: string,
  { shares, lendable, queues, handSize }: { shares: number; lendable: number; queues: number; handSize: number },
): PriorityLevelConfiguration =>
  level(name, {
    type: 'Limited',
    limited: {
      nominalConcurrencyShares: shares,
      lendablePercent: lendable,
      limitResponse: { type: 'Queue', queuing: { queues, handSize, queueLengthLimit: 50 } },
    },
  })

export const MANDATORY_LEVELS: readonly PriorityLevelConfiguration[] = [
  level('exempt', { type: 'Exempt', exempt: { nominalConcurrencyShares: 0, lendablePercent: 0 } }),
  level('catch-all', {
    type: 'Limited',
    limited: { nominalConcurrencyShares: 5, lendablePercent: 0, limitResponse: { type: 'Reject' } },
  }),
]

export const SUGGESTED_LEVELS: readonly PriorityLevelConfiguration[] = [
  queued('system', { shares: 30, lendable: 33, queues: 64, handSize: 6 }),
  queued('node-high', { shares: 40, lendable: 25, queues: 64, handSize: 6 }),
  queued('leader-election', { shares: 10, lendable: 0, queues: 16, handSize: 4 }),
  queued('workload-high', { shares: 40, lendable: 50, queues: 128, handSize: 6 }),
  queued('workload-low', { shares: 100, lendable: 90, queues: 128, handSize: 6 }),
  queued('global-default', { shares: 20, lendable: 50, queues: 128, handSize: 6 }),
]

const groups = (...names: string[]): Subject[] => names.map((name) => ({ kind: 'Group', group: { name } }))
const users = (...names: string[]): Subject[] => names.map((name) => ({ kind: 'User', user: { name } }))
const systemAccounts: Subject = { kind: 'ServiceAccount', serviceAccount: { name: '*', namespace: 'kube-system' } }
const everybody = groups('system:unauthenticated', 'system:authenticated')

const schema = (
  name: string,
  told: { level: string; precedence: number; by?: 'ByUser' | 'ByNamespace'; rules: PolicyRulesWithSubjects[] },
): FlowSchema => ({
  metadata: metadata(name),
  spec: {
    priorityLevelConfiguration: { name: told.level },
    matchingPrecedence: told.precedence,
    ...(told.by ? { distinguisherMethod: { type: told.by } } : {}),
    rules: told.rules,
  },
})

/** All that these send. */
const everything = (subjects: Subject[]): PolicyRulesWithSubjects[] => [
  {
    subjects,
    resourceRules: [{ verbs: ['*'], apiGroups: ['*'], resources: ['*'], clusterScope: true, namespaces: ['*'] }],
    nonResourceRules: [{ verbs: ['*'], nonResourceURLs: ['*'] }],
  },
]

/** What electing a leader takes. */
const elections = (subjects: Subject[], namespace: string): PolicyRulesWithSubjects[] => [
  {
    subjects,
    resourceRules: [
      {
        verbs: ['get', 'create', 'update'],
        apiGroups: [''],
        resources: ['endpoints', 'configmaps'],
        namespaces: [namespace],
      },
      {
        verbs: ['get', 'create', 'update'],
        apiGroups: ['coordination.k8s.io'],
        resources: ['leases'],
        namespaces: ['*'],
      },
    ],
  },
]

export const MANDATORY_SCHEMAS: readonly FlowSchema[] = [
  schema('exempt', { level: 'exempt', precedence: 1, rules: everything(groups('system:masters')) }),
  schema('catch-all', { level: 'catch-all', precedence: 10_000, by: 'ByUser', rules: everything(everybody) }),
]

export const SUGGESTED_SCHEMAS: readonly FlowSchema[] = [
  schema('system-nodes', {
    level: 'system',
    precedence: 500,
    by: 'ByUser',
    rules: everything(groups('system:nodes')),
  }),
  schema('system-node-high', {
    level: 'node-high',
    precedence: 400,
    by: 'ByUser',
    rules: [
      {
        subjects: groups('system:nodes'),
        resourceRules: [
          {
            verbs: ['*'],
            apiGroups: [''],
            resources: ['nodes', 'nodes/status'],
            clusterScope: true,
            namespaces: ['*'],
          },
          { verbs: ['*'], apiGroups: ['coordination.k8s.io'], resources: ['leases'], namespaces: ['*'] },
        ],
      },
    ],
  }),
  schema('probes', {
    level: 'exempt',
    precedence: 2,
    rules: [
      {
        subjects: everybody,
        nonResourceRules: [{ verbs: ['get'], nonResourceURLs: ['/healthz', '/readyz', '/livez'] }],
      },
    ],
  }),
  schema('system-leader-election', {
    level: 'leader-election',
    precedence: 100,
    by: 'ByUser',
    rules: elections(
      [...users('system:kube-controller-manager', 'system:kube-scheduler'), systemAccounts],
      'kube-system',
    ),
  }),
  schema('workload-leader-election', {
    level: 'leader-election',
    precedence: 200,
    by: 'ByUser',
    rules: elections([systemAccounts], '*'),
  }),
  schema('kube-controller-manager', {
    level: 'workload-high',
    precedence: 800,
    by: 'ByNamespace',
    rules: everything(users('system:kube-controller-manager')),
  }),
  schema('kube-scheduler', {
    level: 'workload-high',
    precedence: 800,
    by: 'ByNamespace',
    rules: everything(users('system:kube-scheduler')),
  }),
  schema('kube-system-service-accounts', {
    level: 'workload-high',
    precedence: 900,
    by: 'ByNamespace',
    rules: everything([systemAccounts]),
  }),
  schema('service-accounts', {
    level: 'workload-low',
    precedence: 9000,
    by: 'ByUser',
    rules: everything(groups('system:serviceaccounts')),
  }),
  schema('global-default', { level: 'global-default', precedence: 9900, by: 'ByUser', rules: everything(everybody) }),
]

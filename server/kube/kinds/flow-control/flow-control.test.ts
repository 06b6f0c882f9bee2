import { describe, expect, it } from 'vitest'
import type { AnyKind } from '../define-kind.ts'
import { FlowSchema, PriorityClass, PriorityLevelConfiguration } from '../index.ts'
import { SYSTEM_PRIORITY_CLASSES } from '../priority-class.ts'
import { defaulted, problems, row, statusProblems, updateProblems } from '../testing/kind-facts.ts'
import { MANDATORY_LEVELS, MANDATORY_SCHEMAS, SUGGESTED_LEVELS, SUGGESTED_SCHEMAS } from './default-objects.ts'

const rules = [
  {
    subjects: [{ kind: 'User', user: { name: 'otter' } }],
    nonResourceRules: [{ verbs: ['get'], nonResourceURLs: ['/metrics'] }],
  },
]
const schema = (spec: object) => ({
  metadata: { name: 'mine' },
  spec: { priorityLevelConfiguration: { name: 'a' }, rules, ...spec },
})
const queuing = (told: object) => ({
  metadata: { name: 'mine' },
  spec: { type: 'Limited', limited: { limitResponse: { type: 'Queue', queuing: told } } },
})

const KEPT_ZERO = 'flowcontrol.k8s.io/v1beta3-preserve-zero-concurrency-shares'

describe('priorities', () => {
  it('are such as every cluster has, and valid', () => {
    const all: [AnyKind, readonly object[]][] = [
      [FlowSchema, [...MANDATORY_SCHEMAS, ...SUGGESTED_SCHEMAS]],
      [PriorityLevelConfiguration, [...MANDATORY_LEVELS, ...SUGGESTED_LEVELS]],
      [PriorityClass, SYSTEM_PRIORITY_CLASSES],
    ]
    for (const [kind, objects] of all) {
      for (const object of objects) expect(problems(kind, object)).toEqual([])
    }
    expect(MANDATORY_SCHEMAS.concat(SUGGESTED_SCHEMAS)).toHaveLength(12)
    for (const { spec } of SUGGESTED_SCHEMAS) {
      const name = spec?.priorityLevelConfiguration.name
      expect([...MANDATORY_LEVELS, ...SUGGESTED_LEVELS].map(({ metadata }) => metadata?.name)).toContain(name)
    }
  })

  it('cannot be made otherwise where they are mandatory', () => {
    const [exempt, catchAll] = MANDATORY_SCHEMAS
    const changed = { ...catchAll, spec: { ...catchAll?.spec, matchingPrecedence: 5 } }
    expect(problems(FlowSchema, changed)).toEqual([
      expect.stringContaining("spec of 'catch-all' must equal the fixed value"),
    ])
    expect(problems(FlowSchema, { ...exempt, metadata: { name: 'other' } })).toEqual([
      "spec.matchingPrecedence: Invalid value: 1: only the schema named 'exempt' may have matchingPrecedence 1",
    ])
  })

  it('fill in what Kubernetes fills in', () => {
    expect(defaulted(FlowSchema, schema({})).spec).toMatchObject({ matchingPrecedence: 1000 })
    expect(defaulted(PriorityLevelConfiguration, queuing({})).spec.limited).toEqual({
      nominalConcurrencyShares: 30,
      lendablePercent: 0,
      limitResponse: { type: 'Queue', queuing: { queues: 64, handSize: 8, queueLengthLimit: 50 } },
    })
    expect(defaulted(PriorityClass, { value: 1 })).toEqual({ value: 1, preemptionPolicy: 'PreemptLowerPriority' })
  })

  it.each([
    [
      FlowSchema,
      schema({ rules: [{ ...rules[0], subjects: [{ kind: 'constructor' }] }] }),
      [
        'spec.rules[0].subjects[0].kind: Unsupported value: "constructor": supported values: "Group", "ServiceAccount", "User"',
      ],
    ],
    [
      FlowSchema,
      schema({ priorityLevelConfiguration: {}, rules: [{ subjects: [{ kind: 'User', group: { name: 'a' } }] }] }),
      [
        'spec.priorityLevelConfiguration.name: Required value: must reference a priority level',
        "spec.rules[0].subjects[0].user: Required value: user is required when subject kind is 'User'",
        "spec.rules[0].subjects[0].group: Forbidden: group is forbidden when subject kind is not 'Group'",
        'spec.rules[0]: Required value: at least one of resourceRules and nonResourceRules has to be non-empty',
      ],
    ],
    [
      FlowSchema,
      schema({ rules: [{ ...rules[0], nonResourceRules: [{ verbs: ['fly'], nonResourceURLs: ['/a*b', 'x'] }] }] }),
      [
        'spec.rules[0].nonResourceRules[0].verbs: Unsupported value: ["fly"]: supported values: "create", "delete", "deletecollection", "get", "list", "patch", "proxy", "update", "watch"',
        'spec.rules[0].nonResourceRules[0].nonResourceURLs[0]: Invalid value: "/a*b": wildcard can only do suffix matching',
        'spec.rules[0].nonResourceRules[0].nonResourceURLs[1]: Invalid value: "x": must start with slash',
      ],
    ],
    [
      PriorityLevelConfiguration,
      { metadata: { name: 'mine' }, spec: { type: 'Exempt' } },
      ["spec.type: Invalid value: \"Exempt\": must be 'Exempt' if and only if `name` is 'exempt'"],
    ],
    [
      FlowSchema,
      schema({ distinguisherMethod: { type: 'ByHand' } }),
      [
        'spec.distinguisherMethod.type: Unsupported value: {"Type":"ByHand"}: supported values: "ByNamespace", "ByUser"',
      ],
    ],
    [
      FlowSchema,
      schema({ rules: [{ ...rules[0], subjects: [{ kind: 'User', group: { name: 'a' }, serviceAccount: {} }] }] }),
      [
        "spec.rules[0].subjects[0].user: Required value: user is required when subject kind is 'User'",
        "spec.rules[0].subjects[0].serviceAccount: Forbidden: serviceAccount is forbidden when subject kind is not 'ServiceAccount'",
        "spec.rules[0].subjects[0].group: Forbidden: group is forbidden when subject kind is not 'Group'",
      ],
    ],
    [
      PriorityLevelConfiguration,
      {
        metadata: { name: 'mine', annotations: { [KEPT_ZERO]: '' } },
        spec: {
          type: 'Limited',
          limited: {
            nominalConcurrencyShares: -1,
            lendablePercent: 101,
            borrowingLimitPercent: -1,
            limitResponse: { type: 'Reject', queuing: {} },
          },
        },
      },
      [
        `metadata.annotations: Forbidden: annotation '${KEPT_ZERO}' is forbidden`,
        'spec.limited.nominalConcurrencyShares: Invalid value: -1: must be a non-negative integer',
        'spec.limited.limitResponse.queuing: Forbidden: must be nil if limited.limitResponse.type is not Limited',
        'spec.limited.lendablePercent: Invalid value: 101: must be between 0 and 100, inclusive',
        'spec.limited.borrowingLimitPercent: Invalid value: -1: if specified, must be a non-negative integer',
      ],
    ],
    [
      PriorityLevelConfiguration,
      { metadata: { name: 'exempt' }, spec: { type: 'Exempt', exempt: { nominalConcurrencyShares: 5 } } },
      [],
    ],
    [
      PriorityLevelConfiguration,
      { metadata: { name: 'exempt' }, spec: { type: 'Exempt', limited: { limitResponse: { type: 'Reject' } } } },
      [
        'spec.limited: Forbidden: must be nil if the type is not Limited',
        expect.stringMatching(/^spec: Invalid value: .*: spec of 'exempt' except the 'spec.exempt' field must equal/),
      ],
    ],
    [
      PriorityLevelConfiguration,
      queuing({ queues: 4, handSize: 5 }),
      ['spec.limited.limitResponse.queuing.handSize: Invalid value: 5: should not be greater than queues (4)'],
    ],
    [
      PriorityLevelConfiguration,
      queuing({ queues: 1024, handSize: 7 }),
      [
        'spec.limited.limitResponse.queuing.handSize: Invalid value: 7: required entropy bits of deckSize 1024 and handSize 7 should not be greater than 60',
      ],
    ],
    [
      PriorityClass,
      { metadata: { name: 'system-mine' }, value: 1 },
      [
        "metadata.name: Forbidden: priority class names with 'system-' prefix are reserved for system use only. error: system-mine is not a known system priority class",
      ],
    ],
    [
      PriorityClass,
      { metadata: { name: 'mine' }, value: 1_000_000_001, preemptionPolicy: 'Often' },
      [
        'value: Forbidden: maximum allowed value of a user defined priority is 1000000000',
        'preemptionPolicy: Unsupported value: "Often": supported values: "PreemptLowerPriority", "Never"',
      ],
    ],
  ] as [AnyKind, object, string[]][])('refuse a $kind that cannot work: %j', (kind, object, expected) => {
    expect(problems(kind, object)).toEqual(expected)
  })

  it('keep their value, which pods have copied', () => {
    expect(updateProblems(PriorityClass, { value: 1 }, { value: 2 })).toEqual([
      'value: Forbidden: may not be changed in an update.',
    ])
  })

  it('are judged anew only in what can be changed', () => {
    const critical = { metadata: { name: 'system-node-critical' }, value: 2_000_001_000 }
    expect(updateProblems(PriorityClass, critical, { ...critical, globalDefault: true })).toEqual([])
  })

  it.each([FlowSchema, PriorityLevelConfiguration] as AnyKind[])('have conditions of a type each: $kind', (kind) => {
    const conditions = [{}, { type: 'A' }, { type: 'A' }]
    expect(statusProblems(kind, {}, { status: { conditions } })).toEqual([
      'status.conditions[0].type: Required value',
      'status.conditions[2].type: Duplicate value: "A"',
    ])
  })

  it('are shown as kubectl shows them', () => {
    expect(row(FlowSchema, schema({ matchingPrecedence: 7 }))).toMatchObject({
      DistinguisherMethod: '<none>',
      MissingPL: '?',
      MatchingPrecedence: 7,
    })
    expect(row(PriorityLevelConfiguration, MANDATORY_LEVELS[0]!)).toMatchObject({ Queues: '<none>', Type: 'Exempt' })
  })
})

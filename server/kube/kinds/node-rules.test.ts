import { describe, expect, it } from 'vitest'
import { Node } from './index.ts'
import { problems, statusProblems, updateProblems } from './testing/kind-facts.ts'

const occasion = { user: { name: 'otter', groups: [] }, now: 'now', warn: () => undefined }

describe('a node', () => {
  it.each([
    [{}, []],
    [{ spec: { podCIDR: '10.0.0.0/24', podCIDRs: ['10.0.0.0/24', 'fd00::/64'] } }, []],
    [
      {
        spec: {
          taints: [
            { key: 'a', effect: 'NoSchedule' },
            { key: 'a', effect: 'NoExecute' },
            { key: 'a', value: 'b', effect: 'NoSchedule' },
            { key: '', value: `-${'x'.repeat(63)}`, effect: 'Never' },
            { key: 'b' },
          ],
        },
      },
      [
        'metadata.taints[2]: Duplicate value: {"Key":"a","Value":"b","Effect":"NoSchedule","TimeAdded":null}: taints must be unique by key and effect pair',
        expect.stringContaining('metadata.taints[3].key: Invalid value: "": name part must be non-empty'),
        expect.stringContaining('metadata.taints[3].key: Invalid value: "": name part must consist of'),
        expect.stringMatching(
          /^metadata.taints\[3\].value: Invalid value: ".*": must be no more than 63 .*;a valid label/,
        ),
        'metadata.taints[3].effect: Unsupported value: "Never": supported values: "NoSchedule", "PreferNoSchedule", "NoExecute"',
        'metadata.taints[4].effect: Required value',
      ],
    ],
    [
      { spec: { podCIDRs: ['10.0.0.1/24', '10.0.1.0/24'] } },
      [
        'spec.podCIDRs[0]: Invalid value: "10.0.0.1/24": must not have bits set beyond the prefix length',
        'spec.podCIDRs: Invalid value: ["10.0.0.1/24","10.0.1.0/24"]: may specify no more than one CIDR for each IP family',
      ],
    ],
    [
      { status: { capacity: { cpu: '-1', pods: '1500m' }, allocatable: { 'a.io/gpu': '500m', memory: '1Gi' } } },
      [
        'status.capacity.cpu: Invalid value: "-1": must be greater than or equal to 0',
        'status.capacity.pods: Invalid value: "1500m": must be an integer',
        'status.allocatable.a.io/gpu: Invalid value: "500m": must be an integer',
      ],
    ],
    [
      { status: { declaredFeatures: ['B', 'A', 'A/b', 'A/b', 'a', `Z${'z'.repeat(253)}`] } },
      [
        'status.declaredFeatures[1]: Invalid value: "A": list must be sorted alphabetically',
        'status.declaredFeatures[3]: Duplicate value: "A/b"',
        expect.stringMatching(
          /^status.declaredFeatures\[4\]: Invalid value: "a": invalid feature name "a": must start with/,
        ),
        expect.stringMatching(/^status.declaredFeatures\[5\]: Invalid value: "Z/),
        expect.stringMatching(/must be no more than 253 characters$/),
      ],
    ],
  ])('is looked at: %#', (node, expected) => {
    expect(problems(Node, node)).toEqual(expected)
  })

  const forbidden = (what: string) => `Forbidden: node updates may not change ${what} except from "" to valid`
  const ranged = (...podCIDRs: string[]) => ({ spec: { podCIDRs } })
  it.each([
    ['gets its ranges', {}, ranged('10.0.0.0/24'), []],
    [
      'gets a second one later',
      ranged('10.0.0.0/24'),
      ranged('10.0.0.0/24', 'fd00::/64'),
      [`spec.podCIDRs: ${forbidden('podCIDR')}`],
    ],
    [
      'changes its second one',
      ranged('10.0.0.0/24', 'fd00::/64'),
      ranged('10.0.0.0/24', 'fd01::/64'),
      [`spec.podCIDRs: ${forbidden('podCIDR')}`],
    ],
    ['gets to know its cloud', {}, { spec: { providerID: 'a' } }, []],
    ['changes its cloud', { spec: { providerID: 'a' } }, {}, [`spec.providerID: ${forbidden('providerID')}`]],
    ['gets an outer name', {}, { spec: { externalID: 'a' } }, ['spec.externalID: Forbidden: may not be updated']],
  ])('is judged when it %s', (_what, previous, next, expected) => {
    expect(updateProblems(Node, previous, next)).toEqual(expected)
  })

  it('tells of each address once, and of amounts that can be', () => {
    const address = { type: 'InternalIP', address: '10.0.0.1' }
    const status = { capacity: { pods: '0.5' }, addresses: [address, { ...address, type: 'ExternalIP' }, address] }
    expect(statusProblems(Node, {}, { status })).toEqual([
      'status.capacity.pods: Invalid value: "0.5": must be an integer',
      'status.addresses[2]: Duplicate value: {"Type":"InternalIP","Address":"10.0.0.1"}',
    ])
  })

  it('has no configuration from the API', () => {
    const { prepareForCreate, prepareForUpdate, prepareForStatusUpdate, warnings } = Node.strategy
    const told = () => ({ spec: { configSource: {}, externalID: 'a' }, status: { config: {} } })
    const [made, changed, reported] = [told(), told(), told()]
    prepareForCreate?.(made)
    prepareForUpdate?.(changed, {})
    prepareForStatusUpdate?.(reported, {}, occasion)
    expect(made).toEqual({ spec: { externalID: 'a' }, status: {} })
    expect(changed.spec).toEqual({ externalID: 'a' })
    expect(reported.status).toEqual({})
    expect(warnings?.(made)).toEqual(['spec.externalID: this field is deprecated, and is unused by Kubernetes'])
  })
})

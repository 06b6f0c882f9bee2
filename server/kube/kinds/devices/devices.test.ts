import { describe, expect, it } from 'vitest'
import type { AnyKind } from '../define-kind.ts'
import { DeviceClass, ResourceClaim, ResourceClaimTemplate, ResourceSlice } from '../index.ts'
import { defaulted, problems, row, statusProblems, updateProblems } from '../testing/kind-facts.ts'
import type { Claim, Slice } from './device-objects.ts'

const claim = (...requests: object[]) => ({ spec: { devices: { requests } } })
const gpu = (told: object = {}) => ({ name: 'gpu', exactly: { deviceClassName: 'gpus', ...told } })
const selecting = (expression: string) => ({ spec: { selectors: [{ cel: { expression } }] } })
const slice = (told: object = {}) => ({
  spec: { driver: 'gpus.io', nodeName: 'n', pool: { name: 'n', generation: 1, resourceSliceCount: 1 }, ...told },
})
const AT = 'spec.devices.requests[0]'
const DEVICE = 'spec.devices[0]'
const POLICY = `${DEVICE}.capacity[memory].requestPolicy`
const NO_REQUEST =
  "must be the name of a request in the claim or the name of a request and a subrequest separated by '/'"
const shared = (requestPolicy: object) =>
  slice({
    devices: [{ name: 'a', allowMultipleAllocations: true, capacity: { memory: { value: '8', requestPolicy } } }],
  })
const got = { request: 'gpu', driver: 'gpus.io', pool: 'n', device: 'a' }
const allocation = (results: object[], told: object = {}) => ({ allocation: { devices: { results, ...told } } })
const RESULT = 'status.allocation.devices.results[0]'
const pod = { resource: 'pods', name: 'p', uid: '1' }

describe('kinds of devices', () => {
  it('ask for one device where nothing else is said', () => {
    expect(defaulted(ResourceClaim, claim(gpu())).spec.devices.requests).toEqual([
      gpu({ allocationMode: 'ExactCount', count: 1 }),
    ])
    expect(defaulted(ResourceClaim, claim(gpu({ allocationMode: 'All' }))).spec.devices.requests).toEqual([
      gpu({ allocationMode: 'All' }),
    ])
  })

  it.each([
    [ResourceClaim, claim(gpu()), []],
    [
      ResourceClaim,
      claim({ name: 'gpu' }),
      [`${AT}: Required value: exactly one of \`exactly\` or \`firstAvailable\` is required`],
    ],
    [
      ResourceClaim,
      claim({ ...gpu(), firstAvailable: [{ name: 'a', deviceClassName: 'b' }] }),
      [
        `${AT}: Invalid value: null: exactly one of \`exactly\` or \`firstAvailable\` is required, but multiple fields are set`,
      ],
    ],
    [
      ResourceClaim,
      claim(gpu({ allocationMode: 'All', count: 2 }), gpu({ count: -1 })),
      [
        `${AT}.exactly.count: Invalid value: 2: must not be specified when allocationMode is 'All'`,
        'spec.devices.requests[1].exactly.count: Invalid value: -1: must be greater than zero',
        'spec.devices.requests[1]: Duplicate value: "gpu"',
      ],
    ],
    [
      ResourceClaim,
      {
        spec: {
          devices: {
            requests: [gpu({ tolerations: [{ key: 'a b' }, { operator: 'Exists', value: 'a', effect: 'Never' }] })],
            constraints: [{ requests: ['gpu', 'gpu', 'fan'] }, { matchAttribute: 'model' }],
            config: [{ opaque: { driver: 'GPUs.io', parameters: [] } }],
          },
        },
      },
      [
        expect.stringContaining(`${AT}.exactly.tolerations[0].key: Invalid value: "a b": name part must consist of`),
        `${AT}.exactly.tolerations[1].value: Invalid value: "a": must be empty for operator \`Exists\``,
        `${AT}.exactly.tolerations[1].effect: Unsupported value: "Never": supported values: "NoExecute", "NoSchedule", "None"`,
        `spec.devices.constraints[0].requests[2]: Invalid value: "fan": ${NO_REQUEST}`,
        'spec.devices.constraints[0].requests[1]: Duplicate value: "gpu"',
        'spec.devices.constraints[0]: Required value: exactly one of "matchAttribute" or "distinctAttribute" is required, but multiple fields are set',
        'spec.devices.constraints[1].matchAttribute: Invalid value: "model": a fully qualified name must be a domain and a name separated by a slash',
        'spec.devices.config[0].opaque.parameters: Invalid value: "<value omitted>": must be a valid JSON object',
      ],
    ],
    [
      ResourceClaimTemplate,
      { spec: { metadata: { name: 'a', labels: { a: '-' } }, spec: claim({ ...gpu(), name: '' }).spec } },
      [
        expect.stringContaining('spec.metadata.labels: Invalid value: "-": a valid label must be'),
        'spec.metadata.name: Forbidden: cannot be set',
        expect.stringContaining(
          'spec.spec.devices.requests[0].name: Invalid value: "": a lowercase RFC 1123 label must',
        ),
      ],
    ],
    [
      DeviceClass,
      { spec: { extendedResourceName: 'cpu' } },
      ['spec.extendedResourceName: Invalid value: "cpu": must be a valid extended resource name'],
    ],
    [DeviceClass, { spec: { selectors: [{}] } }, ['spec.selectors[0].cel: Required value']],
    [
      DeviceClass,
      selecting(
        'device.attributes["gpus.example.com"].memory > 4 && device.capacity["a"].b.isGreaterThan(quantity("1Gi"))',
      ),
      [],
    ],
    [
      DeviceClass,
      selecting('device.drvier == "a"'),
      [
        'spec.selectors[0].cel.expression: Invalid value: "device.drvier == \\"a\\"": compilation failed: ERROR: <input>:1:7: undefined field \'drvier\'\n | device.drvier == "a"\n | ......^',
      ],
    ],
    [
      DeviceClass,
      selecting('device.driver'),
      [
        'spec.selectors[0].cel.expression: Invalid value: "device.driver": must evaluate to bool or the unknown type, not string',
      ],
    ],
    [
      DeviceClass,
      selecting(`${'device.attributes.all(a, '.repeat(5)}true${')'.repeat(5)}`),
      ['spec.selectors[0].cel.expression: Forbidden: too complex, exceeds cost limit'],
    ],
    [ResourceSlice, slice(), []],
    [
      ResourceSlice,
      slice({ allNodes: true, devices: [{ name: 'a' }, { name: 'a' }] }),
      [
        'spec: Invalid value: "{`nodeName`, `allNodes`}": exactly one of `nodeName`, `nodeSelector`, `allNodes`, `perDeviceNodeSelection` is required, but multiple fields are set',
        'spec.devices[1]: Duplicate value: "a"',
      ],
    ],
    [
      ResourceSlice,
      slice({
        nodeName: undefined,
        nodeSelector: { nodeSelectorTerms: [] },
        perDeviceNodeSelection: false,
        devices: [],
        sharedCounters: [{ name: 'a' }],
      }),
      [
        'spec.nodeSelector.nodeSelectorTerms: Required value: must have at least one node selector term',
        'spec.nodeSelector.nodeSelectorTerms: Invalid value: []: must have exactly one node selector term',
        'spec.perDeviceNodeSelection: Invalid value: false: must be either unset or set to true',
        'spec: Invalid value: "": only one of `sharedCounters` or `devices` is allowed',
        'spec.sharedCounters[0].counters: Required value',
      ],
    ],
    [
      ResourceSlice,
      slice({
        devices: [
          {
            name: 'a',
            nodeName: 'n',
            attributes: { model: {}, 'b.io/c/d': { version: '1.0' }, size: { int: 1, bool: true } },
            capacity: { memory: { value: '4', requestPolicy: { default: '1' } } },
            taints: [{ key: 'a' }],
            bindingConditions: ['ready'],
          },
        ],
      }),
      [
        `${DEVICE}.attributes[model]: Invalid value: "": exactly one value must be specified`,
        `${DEVICE}.attributes: Invalid value: "b.io/c/d": must not contain more than one slash`,
        `${DEVICE}.attributes[b.io/c/d].version: Invalid value: "1.0": must be a string compatible with semver.org spec 2.0.0`,
        `${DEVICE}.attributes[size]: Invalid value: {"int":1,"bool":true}: exactly one value must be specified`,
        `${DEVICE}.capacity[memory].requestPolicy: Forbidden: allowMultipleAllocations must be true`,
        `${DEVICE}.taints[0].effect: Required value`,
        `${DEVICE}: Invalid value: null: \`nodeName\`, \`nodeSelector\` and \`allNodes\` can only be set if \`perDeviceNodeSelection\` is set to true in the ResourceSlice spec`,
        `${DEVICE}.bindingFailureConditions: Invalid value: null: bindingFailureConditions are required to use bindingConditions`,
      ],
    ],
    [
      ResourceSlice,
      shared({ default: '3', validValues: ['4', '2', '2', '9'] }),
      [
        `${POLICY}.validValues[1]: Invalid value: "2": values must be sorted in ascending order`,
        `${POLICY}.validValues[3]: Invalid value: "9": option is larger than capacity value: 8`,
        `${POLICY}.validValues[2]: Duplicate value: "2"`,
        `${POLICY}.validValues: Invalid value: "3": default value is not valid according to the requestPolicy`,
      ],
    ],
    [
      ResourceSlice,
      shared({ default: '4', validRange: { min: '1', max: '9', step: '2' } }),
      [
        `${POLICY}.validRange.max: Invalid value: "9": max is larger than capacity value: 8`,
        `${POLICY}.validRange.step: Invalid value: "4": value is not a multiple of a given step (2) from (1)`,
      ],
    ],
  ] as [AnyKind, object, string[]][])('refuse a $kind that cannot work: %j', (kind, object, expected) => {
    expect(problems(kind, object)).toEqual(expected)
  })

  it('keep what may not change', () => {
    expect(updateProblems(ResourceClaim, claim(gpu()), claim(gpu({ count: 2 })))).toEqual([
      expect.stringContaining('field is immutable'),
    ])
    expect(updateProblems(ResourceSlice, slice(), slice({ nodeName: 'm' }))).toEqual([
      'spec.nodeName: Invalid value: "m": field is immutable',
    ])
  })

  it.each([
    [{}, { ...allocation([got]), reservedFor: [pod] }, []],
    [
      {},
      allocation([{ ...got, request: 'fan', driver: '', pool: 'a//b', shareID: 'x' }], { config: [{ source: 'Me' }] }),
      [
        `${RESULT}.request: Invalid value: "fan": ${NO_REQUEST}`,
        `${RESULT}.driver: Required value`,
        expect.stringContaining(`${RESULT}.pool: Invalid value: "": a lowercase RFC 1123 subdomain must`),
        `${RESULT}.shareID: Invalid value: "x": error validating uid: invalid UUID length: 1`,
        'status.allocation.devices.config[0].source: Unsupported value: "Me": supported values: "FromClaim", "FromClass"',
        'status.allocation.devices.config[0].opaque: Required value',
      ],
    ],
    [
      allocation([got]),
      allocation([{ ...got, device: 'b' }]),
      [expect.stringContaining('status.allocation: Invalid value: ')],
    ],
    [
      {},
      { reservedFor: [pod, { ...pod, name: '' }] },
      [
        'status.reservedFor[1].name: Required value',
        'status.reservedFor[1]: Duplicate value: "1"',
        'status.reservedFor: Forbidden: may not be specified when `allocated` is not set',
      ],
    ],
    [
      allocation([got]),
      {
        ...allocation([got]),
        devices: [
          { ...got, device: 'b', data: 5, networkData: { ips: ['10.0.0.1', '10.0.0.1/08'] } },
          { ...got, conditions: [{ type: 'Ready', status: 'Perhaps', reason: 'no!' }] },
        ],
      },
      [
        'status.devices[0]: Invalid value: gpus.io/n/b: must be an allocated device in the claim',
        'status.devices[0].data: Invalid value: "<value omitted>": must be a valid JSON object',
        'status.devices[0].networkData.ips[0]: Invalid value: "10.0.0.1": must be a valid address in CIDR form, (e.g. 10.9.8.7/24 or 2001:db8::1/64)',
        'status.devices[0].networkData.ips[1]: Invalid value: "10.0.0.1/08": must be in canonical form ("10.0.0.1/8")',
        'status.devices[1].conditions[0].status: Unsupported value: "Perhaps": supported values: "False", "True", "Unknown"',
        'status.devices[1].conditions[0].lastTransitionTime: Required value',
        expect.stringContaining(
          'status.devices[1].conditions[0].reason: Invalid value: "no!": a condition reason must',
        ),
      ],
    ],
  ] as [object, object, string[]][])('refuse what cannot be told of a claim: %#', (previous, next, expected) => {
    const [before, after] = [previous, next].map((status) => ({ metadata: { name: 'c' }, ...claim(gpu()), status }))
    expect(statusProblems(ResourceClaim, before ?? {}, after ?? {})).toEqual(expected)
  })

  it.each([
    [{}, 'pending'],
    [{ allocation: {} }, 'allocated'],
    [{ allocation: {}, reservedFor: [{}] }, 'allocated,reserved'],
  ])('show how far a claim is: %j', (status, state) => {
    expect(row(ResourceClaim, { metadata: {}, status })).toMatchObject({ State: state })
  })

  it('tell no more of a device that is given back', () => {
    const [a, b] = ['a', 'b'].map((device) => ({ driver: 'd.io', pool: 'p', device }))
    const occasion = { user: { name: 'scheduler', groups: [] }, now: '2026-01-01T01:00:00Z', warn: () => undefined }
    const having = (results: object[] | undefined, devices: object[]) =>
      ({ metadata: {}, status: { ...(results ? { allocation: { devices: { results } } } : {}), devices } }) as Claim
    const before = having([{ ...a }, { ...b }], [{ ...a }, { ...b }])
    const all = having(undefined, [{ ...a }, { ...b }])
    ResourceClaim.strategy.prepareForStatusUpdate?.(all, before, occasion)
    expect(all.status).toEqual({})
    const one = having([{ ...b }], [{ ...a }, { ...b }])
    ResourceClaim.strategy.prepareForStatusUpdate?.(one, before, occasion)
    expect(one.status?.devices).toEqual([b])
  })

  it('date a taint that does not say since when, when it is made and when it comes later', () => {
    const tainted = (...taints: object[]) => ({ metadata: {}, spec: { devices: [{ name: 'a', taints }] } }) as Slice
    const occasion = { user: { name: 'driver', groups: [] }, now: '2026-01-01T01:00:00Z', warn: () => undefined }
    const old = { key: 'a', effect: 'NoSchedule', timeAdded: '2025-01-01T00:00:00Z' }
    const taint = { key: 'b', effect: 'NoExecute' }
    const { prepareForCreate, prepareForUpdate } = ResourceSlice.strategy
    const made = tainted(taint)
    prepareForCreate?.(made, occasion)
    expect(made).toEqual(tainted({ ...taint, timeAdded: occasion.now }))
    const changed = tainted(old, taint)
    prepareForUpdate?.(changed, tainted(old), occasion)
    expect(changed).toEqual(tainted(old, { ...taint, timeAdded: occasion.now }))
  })
})

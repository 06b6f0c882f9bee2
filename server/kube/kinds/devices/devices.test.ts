import { describe, expect, it } from 'vitest'
import type { AnyKind } from '../define-kind.ts'
import { DeviceClass, ResourceClaim, ResourceSlice } from '../index.ts'
import { defaulted, problems, row, updateProblems } from '../testing/kind-facts.ts'

const claim = (...requests: object[]) => ({ spec: { devices: { requests } } })
const gpu = (told: object = {}) => ({ name: 'gpu', exactly: { deviceClassName: 'gpus', ...told } })
const selecting = (expression: string) => ({ spec: { selectors: [{ cel: { expression } }] } })
const slice = (told: object = {}) => ({
  spec: { driver: 'gpus.io', nodeName: 'n', pool: { name: 'n', generation: 1, resourceSliceCount: 1 }, ...told },
})
const AT = 'spec.devices.requests[0]'

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
        'spec.devices.requests[1].name: Duplicate value: "gpu"',
      ],
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
        'spec: Invalid value: null: exactly one of `nodeName`, `nodeSelector`, `allNodes`, `perDeviceNodeSelection` is required, but multiple fields are set',
        'spec.devices[1].name: Duplicate value: "a"',
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
    [{}, 'pending'],
    [{ allocation: {} }, 'allocated'],
    [{ allocation: {}, reservedFor: [{}] }, 'allocated,reserved'],
  ])('show how far a claim is: %j', (status, state) => {
    expect(row(ResourceClaim, { metadata: {}, status })).toMatchObject({ State: state })
  })
})

import type { Node } from 'kubernetes-types/core/v1'
import { describe, expect, it } from 'vitest'
import type { Claim, Slice } from '../../kinds/devices/device-objects.ts'
import { attributes, CLASSES, claim, exactly, selector, slice } from '../testing/devices.ts'
import { allocate } from './allocator.ts'
import { Selectors } from './device-selectors.ts'

const selectors = new Selectors()
const node = (name: string): Node => ({ metadata: { name, labels: { rack: 'r1' } } })
const world = (slices: Slice[], inUse: string[] = []) => ({
  slices,
  classOf: (name: string) => CLASSES[name],
  inUse: new Set(inUse),
  shared: new Map(),
  selectors,
})

/** `request: device` of each claim in turn. */
function given(claims: Claim[], slices: Slice[], { inUse = [] as string[], on = 'n' } = {}): string[] | undefined {
  return allocate(node(on), claims, world(slices, inUse))?.map(({ devices }) =>
    (devices?.results ?? []).map(({ request, device }) => `${request}: ${device}`).join(', '),
  )
}

const a = attributes
const two = slice('n', { a: a({ memory: 16, numa: 0 }), b: a({ memory: 40, numa: 1 }) })
const four = slice('n', { a: a({ numa: 0 }), b: a({ numa: 1 }), c: a({ numa: 1 }), d: a({ numa: 0 }) })
const list = (name: string, ...alternatives: { name: string; deviceClassName?: string; count?: number }[]) => ({
  name,
  firstAvailable: alternatives.map((told) => ({ deviceClassName: 'gpu', allocationMode: 'ExactCount', ...told })),
})

const halves = { h1: 20, h2: 20, h3: 20 }
/** Parts of one card of 40 GiB, by how much of it each takes; in one pool of two slices. */
function card(parts: Record<string, number>, numa: Record<string, number> = {}, on?: Record<string, string>): Slice[] {
  const pool = { name: 'n', generation: 1, resourceSliceCount: 2 }
  const gib = (amount: number) => ({ memory: { value: `${amount}Gi` } })
  const devices = Object.fromEntries(
    Object.entries(parts).map(([name, amount]) => [
      name,
      {
        ...a({ numa: numa[name] ?? 0 }),
        consumesCounters: [{ counterSet: 'card', counters: gib(amount) }],
        ...(on?.[name] ? { nodeName: on[name] } : {}),
      },
    ]),
  )
  const { devices: _, ...whole } = slice('n', {}, { pool }).spec ?? {}
  return [
    { metadata: { name: 'card' }, spec: { ...whole, sharedCounters: [{ name: 'card', counters: gib(40) }] } },
    slice('n', devices, { pool, ...(on ? { perDeviceNodeSelection: true } : {}) }),
  ]
}

describe('devices on a node', () => {
  it.each<[string, Claim[], Slice[], string[] | undefined, { inUse?: string[]; on?: string }?]>([
    ['the first that is free', [claim('c', [exactly('x')])], [two], ['x: b'], { inUse: ['gpus.io/n/a'] }],
    [
      'nothing where all are taken',
      [claim('c', [exactly('x', { count: 2 })])],
      [two],
      undefined,
      { inUse: ['gpus.io/n/a'] },
    ],
    ['nothing of another node', [claim('c', [exactly('x')])], [two], undefined, { on: 'm' }],
    ['by the class', [claim('c', [exactly('x', { deviceClassName: 'big' })])], [two], ['x: b']],
    [
      'by the request as well',
      [claim('c', [exactly('x', { selectors: [selector('device.attributes["gpus.io"].numa == 1')] })])],
      [two],
      ['x: b'],
    ],
    // The first try takes the only one that the second request can have.
    [
      'by going back',
      [
        claim('c', [
          exactly('x'),
          exactly('y', { deviceClassName: 'gpu', selectors: [selector('device.attributes["gpus.io"].memory < 20')] }),
        ]),
      ],
      [two],
      ['x: b, y: a'],
    ],
    ['to two claims, none twice', [claim('c', [exactly('x')]), claim('d', [exactly('x')])], [two], ['x: a', 'x: b']],
    ['all there are', [claim('c', [exactly('x', { allocationMode: 'All' })])], [two], ['x: a, x: b']],
    [
      'all, or nothing',
      [claim('c', [exactly('x', { allocationMode: 'All' })])],
      [two],
      undefined,
      { inUse: ['gpus.io/n/b'] },
    ],
    ['all, but at least one', [claim('c', [exactly('x', { allocationMode: 'All' })])], [], undefined],
    [
      'the best of a wish list',
      [claim('c', [list('x', { name: 'l', deviceClassName: 'big' }, { name: 's', count: 2 })])],
      [two],
      ['x/l: b'],
    ],
    [
      'the second best, if need be',
      [claim('c', [list('x', { name: 'l', deviceClassName: 'big', count: 2 }, { name: 's', count: 2 })])],
      [two],
      ['x/s: a, x/s: b'],
    ],
    [
      'alike in an attribute',
      [claim('c', [exactly('x', { count: 2 })], { constraints: [{ matchAttribute: 'gpus.io/numa' }] })],
      [four],
      ['x: a, x: d'],
    ],
    [
      'alike where the constraint says so',
      [
        claim('c', [exactly('x'), exactly('y', { count: 2 })], {
          constraints: [{ requests: ['y'], matchAttribute: 'gpus.io/numa' }],
        }),
      ],
      [four],
      ['x: a, y: b, y: c'],
    ],
    [
      'nothing when too few are alike',
      [claim('c', [exactly('x', { count: 3 })], { constraints: [{ matchAttribute: 'gpus.io/numa' }] })],
      [four],
      undefined,
    ],
    [
      'nothing alike without the attribute',
      [claim('c', [exactly('x')], { constraints: [{ matchAttribute: 'gpus.io/rack' }] })],
      [four],
      undefined,
    ],
    [
      'in use, to an administrator',
      [claim('c', [exactly('x', { adminAccess: true })])],
      [two],
      ['x: a'],
      { inUse: ['gpus.io/n/a', 'gpus.io/n/b'] },
    ],
    ['but each only once', [claim('c', [exactly('x', { adminAccess: true, count: 3 })])], [two], undefined],
    [
      'without taints that nobody tolerates',
      [claim('c', [exactly('x')])],
      [
        slice('n', {
          a: { taints: [{ key: 'sick', effect: 'NoSchedule' }] },
          b: { taints: [{ key: 'odd', effect: 'None' }] },
        }),
      ],
      ['x: b'],
    ],
    [
      'with taints that are tolerated',
      [claim('c', [exactly('x', { tolerations: [{ key: 'sick', operator: 'Exists' }] })])],
      [slice('n', { a: { taints: [{ key: 'sick', value: 'very', effect: 'NoExecute' }] } })],
      ['x: a'],
    ],
    [
      'of the newest generation alone',
      [claim('c', [exactly('x')])],
      [
        slice('n', { old: {} }),
        slice('n', { fresh: {} }, { pool: { generation: 2, name: 'n', resourceSliceCount: 1 } }),
      ],
      ['x: fresh'],
    ],
    [
      'of the newest generation, however many there were',
      [claim('c', [exactly('x', { count: 1n as never })])],
      [
        slice('n', { old: {} }),
        slice('n', { fresh: {} }, { pool: { generation: (2n ** 62n) as never, name: 'n', resourceSliceCount: 1 } }),
      ],
      ['x: fresh'],
    ],
    [
      'not of a pool that is not told to its end',
      [claim('c', [exactly('x')])],
      [slice('n', { a: {} }, { pool: { name: 'n', generation: 1, resourceSliceCount: 2 } })],
      undefined,
    ],
    [
      'of nodes like this one',
      [claim('c', [exactly('x')])],
      [
        slice(
          'p',
          { a: {} },
          {
            nodeSelector: {
              nodeSelectorTerms: [{ matchExpressions: [{ key: 'rack', operator: 'In', values: ['r2'] }] }],
            },
          },
        ),
        slice(
          'q',
          { b: {} },
          {
            nodeSelector: {
              nodeSelectorTerms: [{ matchExpressions: [{ key: 'rack', operator: 'In', values: ['r1'] }] }],
            },
          },
        ),
      ],
      ['x: b'],
    ],
    ['of all nodes', [claim('c', [exactly('x')])], [slice('net', { a: {} }, { allNodes: true })], ['x: a']],
    [
      'each at its own place',
      [claim('c', [exactly('x', { allocationMode: 'All' })])],
      [
        slice(
          'net',
          { a: { nodeName: 'm' }, b: { nodeName: 'n' }, c: { allNodes: true } },
          { perDeviceNodeSelection: true },
        ),
      ],
      ['x: b, x: c'],
    ],
    [
      'also what its driver has to make ready',
      [claim('c', [exactly('x')])],
      [slice('n', { a: { bindingConditions: ['ready'] }, c: {} })],
      ['x: a'],
    ],
    ['a part of a card', [claim('c', [exactly('x')])], card({ half: 20 }), ['x: half']],
    ['parts as long as there is enough', [claim('c', [exactly('x', { count: 2 })])], card(halves), ['x: h1, x: h2']],
    ['nothing that there is not enough for', [claim('c', [exactly('x', { count: 3 })])], card(halves), undefined],
    ['nothing larger than the card', [claim('c', [exactly('x')])], card({ more: 41 }), undefined],
    [
      'what is left beside others',
      [claim('c', [exactly('x')])],
      card({ whole: 40, half: 20, other: 20 }),
      ['x: other'],
      { inUse: ['gpus.io/n/half'] },
    ],
    [
      'nothing while somebody has the whole',
      [claim('c', [exactly('x')])],
      card({ whole: 40, half: 20 }),
      undefined,
      { inUse: ['gpus.io/n/whole'] },
    ],
    [
      'nothing of a pool that gave too much',
      [claim('c', [exactly('x')])],
      card({ whole: 41, none: 0 }),
      undefined,
      { inUse: ['gpus.io/n/whole'] },
    ],
    // The first try takes so much that nothing is left for the other claim.
    [
      'parts by going back',
      [claim('c', [exactly('x')]), claim('d', [exactly('y', { count: 2 })])],
      card({ most: 30, h1: 10, h2: 10, h3: 10 }),
      ['x: h1', 'y: h2, y: h3'],
    ],
    [
      'a part where the first is not alike',
      [claim('c', [exactly('x', { count: 2 })], { constraints: [{ matchAttribute: 'gpus.io/numa' }] })],
      card({ odd: 20, h1: 20, h2: 20 }, { h1: 1, h2: 1 }),
      ['x: h1, x: h2'],
    ],
    [
      'a part of a card of which another node has the rest',
      [claim('c', [exactly('x')])],
      card({ half: 20, whole: 40 }, {}, { half: 'm', whole: 'n' }),
      undefined,
      { inUse: ['gpus.io/n/half'] },
    ],
  ])('are given %s', (_what, claims, slices, expected, told) => {
    expect(given(claims, slices, told)).toEqual(expected)
  })

  it.each<[string, Claim, Slice[]]>([
    [
      'claim default/c, request x: could not retrieve device class none: deviceclass.resource.k8s.io "none" not found',
      claim('c', [exactly('x', { deviceClassName: 'none' })]),
      [two],
    ],
    [
      'claim default/c: number of requested devices 33 exceeds the claim limit of 32',
      claim('c', [exactly('x', { count: 33 })]),
      [two],
    ],
    [
      'claim default/c, request x: asks for all devices, but resource pool gpus.io/n is currently being updated',
      claim('c', [exactly('x', { allocationMode: 'All' })]),
      [slice('n', { a: {} }, { pool: { name: 'n', generation: 1, resourceSliceCount: 2 } })],
    ],
    [
      'claim default/c, request x: cannot add device gpus.io/n/b because a claim constraint would not be satisfied',
      claim('c', [exactly('x', { allocationMode: 'All' })], { constraints: [{ matchAttribute: 'gpus.io/numa' }] }),
      [two],
    ],
    [
      'claim default/c: selector #0 on device gpus.io/n/a: CEL runtime error: no such key: speed',
      claim('c', [exactly('x', { selectors: [selector('device.attributes["gpus.io"].speed > 1')] })]),
      [two],
    ],
    [
      'invalid resource pools were encountered',
      claim('c', [exactly('x', { count: 3 })]),
      [{ ...two, spec: { ...two.spec, devices: [{ name: 'a' }, { name: 'a' }] } }],
    ],
    [
      'invalid resource pools were encountered',
      claim('c', [exactly('x')]),
      [slice('n', { a: { consumesCounters: [{ counterSet: 'card', counters: { memory: { value: '1Gi' } } }] } })],
    ],
    [
      'invalid resource pools were encountered',
      claim('c', [exactly('x')]),
      [...card({ a: 20 }), ...card({ b: 20 })].map((one) => ({
        ...one,
        spec: { ...one.spec, pool: { name: 'n', generation: 1, resourceSliceCount: 4 } },
      })),
    ],
    // Sixteen of eighteen that are all different in the end: more ways than anybody can try.
    [
      'timed out trying to allocate devices',
      claim('c', [exactly('x', { count: 16 }), exactly('y', { selectors: [selector('false')] })]),
      [slice('n', Object.fromEntries(Array.from({ length: 32 }, (_, at) => [`d${at}`, {}])))],
    ],
  ])('are refused: %s', (message, what, slices) => {
    expect(() => given([what], slices)).toThrow(message)
  })

  it('are told with how to set them up, and where they can be used', () => {
    const parameters = { mode: 'shared' }
    const what = claim('c', [exactly('x', { deviceClassName: 'big' }), list('y', { name: 's' })], {
      config: [
        { requests: ['y/s'], opaque: { driver: 'gpus.io', parameters } },
        { opaque: { driver: 'gpus.io', parameters } },
      ],
    })
    expect(allocate(node('n'), [what], world([two]))).toEqual([
      {
        devices: {
          results: [
            { request: 'x', driver: 'gpus.io', pool: 'n', device: 'b' },
            { request: 'y/s', driver: 'gpus.io', pool: 'n', device: 'a' },
          ],
          config: [
            { source: 'FromClass', requests: ['x'], opaque: { driver: 'gpus.io', parameters: { share: false } } },
            { source: 'FromClaim', requests: ['y/s'], opaque: { driver: 'gpus.io', parameters } },
            { source: 'FromClaim', opaque: { driver: 'gpus.io', parameters } },
          ],
        },
        nodeSelector: {
          nodeSelectorTerms: [{ matchFields: [{ key: 'metadata.name', operator: 'In', values: ['n'] }] }],
        },
      },
    ])
  })

  it('can be used wherever all their selectors say', () => {
    const where = (key: string) => ({
      nodeSelectorTerms: [{ matchExpressions: [{ key, operator: 'In', values: ['r1'] }] }],
    })
    const slices = [
      slice('p', { a: {} }, { nodeSelector: where('rack') }),
      slice('q', { b: {} }, { nodeSelector: where('rack') }),
    ]
    const [allocation] = allocate(node('n'), [claim('c', [exactly('x', { count: 2 })])], world(slices)) ?? []
    expect(allocation?.nodeSelector).toEqual(where('rack'))
    const [everywhere] =
      allocate(node('n'), [claim('c', [exactly('x')])], world([slice('net', { a: {} }, { allNodes: true })])) ?? []
    expect(everywhere).not.toHaveProperty('nodeSelector')
  })
})

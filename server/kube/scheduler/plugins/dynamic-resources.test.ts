import type { Pod } from 'kubernetes-types/core/v1'
import { describe, expect, it } from 'vitest'
import type { Claim, Slice } from '../../kinds/devices/device-objects.ts'
import { Selectors } from '../devices/device-selectors.ts'
import type { DeviceView } from '../devices/device-view.ts'
import { CLASSES, claim, exactly, slice } from '../testing/devices.ts'
import { node, pod, run } from '../testing/pods-and-nodes.ts'
import { dynamicResources } from './dynamic-resources.ts'

const selectors = new Selectors()
/** What there is, and what has been written since. */
function view(claims: Claim[], slices: Slice[] = [], more: Partial<DeviceView> = {}): DeviceView {
  return {
    claim: (key: string) => claims.find(({ metadata }) => `default/${metadata?.name}` === key),
    hasClass: (name: string) => CLASSES[name] !== undefined,
    isBeingAllocated: () => false,
    world: () => ({ slices, classOf: (name: string) => CLASSES[name], inUse: new Set(), shared: new Map(), selectors }),
    ...more,
  } as unknown as DeviceView
}

const using = (...names: string[]): Pod => {
  const made = pod({ resourceClaims: names.map((name) => ({ name, resourceClaimName: name })) } as object)
  return { ...made, metadata: { ...made.metadata, uid: 'pod-uid' } }
}
const allocated = (name: string, on: string, reservedFor: string[] = []): Claim => ({
  ...claim(name, [exactly('x')]),
  status: {
    allocation: {
      nodeSelector: {
        nodeSelectorTerms: [{ matchFields: [{ key: 'metadata.name', operator: 'In', values: [on] }] }],
      },
    },
    reservedFor: reservedFor.map((uid) => ({ resource: 'pods', name: uid, uid })),
  },
})
const nodes = () => [node('m'), node('n')]
const outcome = (what: Pod, devices: DeviceView) => run(what, nodes(), { devices })

describe('a pod with claims', () => {
  it('goes where the devices are that it could have', () => {
    const { chosen, rejections } = outcome(using('c'), view([claim('c', [exactly('x')])], [slice('n', { a: {} })]))
    expect(chosen).toBe('n')
    expect(rejections.get('m')).toMatchObject({ plugin: 'DynamicResources', reasons: ['cannot allocate all claims'] })
  })

  it('goes where the devices are that a claim has already', () => {
    const { chosen, rejections } = outcome(using('c'), view([allocated('c', 'm', ['other'])]))
    expect(chosen).toBe('m')
    expect(rejections.get('n')?.reasons).toEqual(['resourceclaim not available on the node'])
  })

  it('prefers the node that has what it would rather have', () => {
    const firstAvailable = [
      { name: 'l', deviceClassName: 'big', allocationMode: 'ExactCount', count: 1 },
      { name: 's', deviceClassName: 'gpu', allocationMode: 'ExactCount', count: 1 },
    ]
    const large = { attributes: { memory: { int: 80 } } }
    const small = { attributes: { memory: { int: 8 } } }
    const slices = [slice('m', { a: small }), slice('n', { a: large })]
    const { chosen, scores } = outcome(using('c'), view([claim('c', [{ name: 'x', firstAvailable }])], slices))
    expect(chosen).toBe('n')
    expect(scores.told().map(({ scores: of }) => of.DynamicResources)).toEqual([
      { raw: 7, weighted: 87 },
      { raw: 8, weighted: 100 },
    ])
  })

  it.each<[string, DeviceView, Pod]>([
    ['2 cannot allocate all claims. still not schedulable, ', view([claim('c', [exactly('x')])]), using('c')],
    [
      'request x: device class none does not exist. no new claims to deallocate, ',
      view([claim('c', [exactly('x', { deviceClassName: 'none' })])]),
      using('c'),
    ],
    ['resourceclaim.resource.k8s.io "c" not found. no new claims to deallocate, ', view([]), using('c')],
    [
      'resource claim default/c is in the process of being allocated. no new claims to deallocate, ',
      view([claim('c', [exactly('x')])], [], { isBeingAllocated: () => true }),
      using('c'),
    ],
    // Somebody else uses it, so it stays where it is.
    [
      '2 resourceclaim not available on the node. still not schedulable, ',
      view([allocated('c', 'elsewhere', ['other'])]),
      using('c'),
    ],
  ])('that fits nowhere is told: %s', (words, devices, what) => {
    const { message } = outcome(what, devices)
    expect(message).toBe(
      `0/2 nodes are available: ${words}preemption: 0/2 nodes are available: 2 Preemption is not helpful for scheduling.`,
    )
  })

  it('gives back an idle claim whose devices are where it cannot go', async () => {
    const given: string[] = []
    const devices = view([allocated('c', 'elsewhere', ['pod-uid'])], [], {
      deallocate: async ({ metadata }: Claim) => void given.push(metadata?.name ?? ''),
    })
    const { message, postFilter } = outcome(using('c'), devices)
    expect(message).toContain('deallocation of ResourceClaim completed')
    await postFilter?.errand?.()
    expect(given).toEqual(['c'])
  })

  it('gives back an idle claim whose devices will not be ready any more', async () => {
    const results = [{ request: 'x', driver: 'gpus.io', pool: 'n', device: 'a', bindingConditions: ['Attached'] }]
    const stuck = { ...claim('c', [exactly('x')]), status: { allocation: { devices: { results } } } }
    const given: string[] = []
    const devices = view([stuck], [], {
      isStuck: () => true,
      deallocate: async ({ metadata }: Claim) => void given.push(metadata?.name ?? ''),
    })
    const { rejections, postFilter } = outcome(using('c'), devices)
    expect(rejections.get('n')?.reasons).toEqual(['resourceclaim not available on the node'])
    await postFilter?.errand?.()
    expect(given).toEqual(['c'])
  })

  it('stops at a claim that makes no sense, rather than look for another node', () => {
    const devices = view([claim('c', [exactly('x', { count: 40 })])], [slice('n', { a: {} })])
    expect(() => outcome(using('c'), devices)).toThrow(
      'running "DynamicResources" filter plugin: claim default/c: number of requested devices 40',
    )
  })

  it('has no claim that as many use as can', () => {
    const users = (count: number) => Array.from({ length: count }, (_, at) => `user-${at}`)
    const { message, rejections } = outcome(using('c'), view([allocated('c', 'm', users(256))]))
    expect(message).toMatch(/^0\/2 nodes are available: resourceclaim in use\. /)
    expect(rejections.get('m')?.unresolvable).toBe(true)
    expect(outcome(using('c'), view([allocated('c', 'm', users(255))])).chosen).toBe('m')
    expect(outcome(using('c'), view([allocated('c', 'm', [...users(255), 'pod-uid'])])).chosen).toBe('m')
  })

  it('is tried again soon when it took too long to find devices for it', () => {
    const wants = Array.from({ length: 12 }, (_, at) => exactly(`r${at}`))
    const constraints = [{ matchAttribute: 'gpus.io/board' }]
    const boards = Object.fromEntries(
      Array.from({ length: 60 }, (_, at) => [`d${at}`, { attributes: { board: { int: at % 6 } } }]),
    )
    const devices = view([claim('c', wants, { constraints })], [slice('m', boards), slice('n', boards)])
    expect(() => outcome(using('c'), devices)).toThrow(
      'running "DynamicResources" filter plugin: node m: timed out trying to allocate devices',
    )
  })

  it('does not come into the line before its claims are there, and its own', () => {
    const bare = pod({ resourceClaims: [{ name: 'x', resourceClaimTemplateName: 't' }] } as object)
    const templated = { ...bare, metadata: { ...bare.metadata, uid: 'pod-uid' } }
    const made = { ...templated, status: { resourceClaimStatuses: [{ name: 'x', resourceClaimName: 'c' }] } } as Pod
    const skipped = { ...templated, status: { resourceClaimStatuses: [{ name: 'x' }] } } as Pod
    const gate = (what: Pod, devices: DeviceView) => dynamicResources(devices).preEnqueue?.(what)
    const name = templated.metadata?.name
    expect(gate(templated, view([]))).toBe(`pod "default/${name}": ResourceClaim not created yet`)
    expect(gate(made, view([claim('c', [])]))).toBe(
      `ResourceClaim default/c was not created for Pod default/${name} (Pod is not owner)`,
    )
    expect(gate(skipped, view([]))).toBeUndefined()
    const going = { ...claim('c', []), metadata: { ...claim('c', []).metadata, deletionTimestamp: 'now' } }
    expect(gate(using('c'), view([going]))).toBe('resourceclaim "c" is being deleted')
  })

  it.each<[string, { claim: Claim; previous?: Claim }, boolean]>([
    ['its claim is made', { claim: claim('c', []) }, true],
    ['its claim changes in nothing that counts', { claim: claim('c', []), previous: claim('c', []) }, false],
    ['its claim’s status changes', { claim: allocated('c', 'n'), previous: claim('c', []) }, true],
    ['another claim gets devices', { claim: allocated('d', 'n'), previous: claim('d', []) }, false],
    ['another claim’s devices are free', { claim: claim('d', []), previous: allocated('d', 'n') }, true],
  ])('when %s is tried again: %s', (_when, change, expected) => {
    const plugin = dynamicResources(view([claim('c', [])]))
    expect(plugin.mayHelp?.({ type: 'claim-changed', ...change }, using('c'))).toBe(expected)
  })
})

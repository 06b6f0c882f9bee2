// Pods whose containers ask for devices as amounts, through all stages.

import type { Pod } from 'kubernetes-types/core/v1'
import { expect, it } from 'vitest'
import type { Allocation, Claim } from '../../kinds/devices/device-objects.ts'
import { extendedClaimFor } from '../../kinds/devices/extended-resources.ts'
import { mayWake } from '../framework.ts'
import { dynamicResources } from '../plugins/dynamic-resources.ts'
import { nodeResourcesFit } from '../plugins/node-resources-fit.ts'
import { CLASSES, slice } from '../testing/devices.ts'
import { node, pod, run } from '../testing/pods-and-nodes.ts'
import { Selectors } from './device-selectors.ts'
import type { DeviceView } from './device-view.ts'

const GPU = 'example.com/gpu'
const selectors = new Selectors()
const asking = (gpus: number): Pod => {
  const made = pod({ containers: [{ name: 'c', resources: { requests: { [GPU]: String(gpus) } } }] })
  return { ...made, metadata: { ...made.metadata, uid: 'pod-uid' } }
}

/** Two devices on `n`; what is written is told. */
function view(told: { stale?: Claim; isServed?: boolean; failsToTell?: boolean } = {}) {
  const did: string[] = []
  const devices = {
    claim: () => undefined,
    hasClass: () => true,
    classServing: (name: string) => (name === GPU && told.isServed !== false ? 'gpu' : undefined),
    extendedClaimOf: () => told.stale,
    isBeingAllocated: () => false,
    world: () => ({
      slices: [slice('n', { a: {}, b: {} })],
      classOf: (name: string) => CLASSES[name],
      inUse: new Set(),
      shared: new Map(),
      selectors,
    }),
    promise: ({ metadata }: Claim) => did.push(`promised to ${metadata?.uid}`),
    takeBack: ({ metadata }: Claim) => did.push(`took back from ${metadata?.uid}`),
    make: async (claim: Claim) => {
      did.push(`made ${JSON.stringify(claim.spec?.devices?.requests)}`)
      return { ...claim, metadata: { ...claim.metadata, name: 'made', uid: 'c1' } }
    },
    bind: async (claim: Claim, _pod: Pod, allocation: Allocation) => {
      did.push(`bound ${claim.metadata?.name} to ${allocation.devices?.results?.map(({ device }) => device)}`)
      return claim
    },
    tellPod: async (_pod: Pod, { metadata }: Claim, mappings: object[]) => {
      if (told.failsToTell) throw new Error('no')
      did.push(`told of ${metadata?.name}: ${JSON.stringify(mappings)}`)
    },
    remove: async ({ metadata }: Claim) => void did.push(`removed ${metadata?.name}`),
  } as unknown as DeviceView
  return { devices, did }
}

const nodes = () => [node('m'), node('n')]
const request =
  '[{"name":"container-0-request-0","exactly":{"deviceClassName":"gpu","allocationMode":"ExactCount","count":2}}]'
const mappings = `[{"containerName":"c","resourceName":"${GPU}","requestName":"container-0-request-0"}]`
const never = new AbortController().signal

it('goes where the devices are, and a claim is made and told of', async () => {
  const { devices, did } = view()
  const what = asking(2)
  const { chosen, state, rejections } = run(what, nodes(), { devices })
  expect(chosen).toBe('n')
  expect(rejections.get('m')).toMatchObject({ plugin: 'DynamicResources', reasons: ['cannot allocate all claims'] })
  const plugin = dynamicResources(devices)
  plugin.reserve?.(state, what, 'n')
  await plugin.preBind?.(state, what, 'n', never)
  expect(did).toEqual([
    'promised to extended:pod-uid',
    `made ${request}`,
    'bound made to a,b',
    'took back from extended:pod-uid',
    `told of made: ${mappings}`,
  ])
})

it('takes the claim away again when the pod cannot be bound', async () => {
  const { devices, did } = view({ failsToTell: true })
  const what = asking(2)
  const { state } = run(what, nodes(), { devices })
  const plugin = dynamicResources(devices)
  await expect(plugin.preBind?.(state, what, 'n', never)).rejects.toThrow('no')
  await plugin.unreserve?.(state, what, 'n')
  expect(did.slice(-2)).toEqual(['took back from extended:pod-uid', 'removed made'])
})

it('needs no claim on a node that has an amount of its own, and fits there by it', async () => {
  const { devices, did } = view()
  const own = node('own')
  own.setNode({ ...own.node, status: { allocatable: { ...own.node?.status?.allocatable, [GPU]: '1' } } })
  expect(run(asking(2), [own], { devices }).rejections.get('own')).toMatchObject({
    plugin: 'NodeResourcesFit',
    reasons: [`Insufficient ${GPU}`],
  })
  const what = asking(1)
  const { chosen, state } = run(what, [own], { devices })
  expect(chosen).toBe('own')
  await dynamicResources(devices).preBind?.(state, what, 'own', never)
  expect(did).toEqual([])
})

it('fits nowhere when no class serves what it asks for, until one does', () => {
  const { devices } = view({ isServed: false })
  expect(run(asking(1), nodes(), { devices }).rejections.get('n')?.reasons).toEqual([`Insufficient ${GPU}`])
  const fit = nodeResourcesFit(
    { scoringStrategy: { type: 'LeastAllocated', resources: [] }, ignoredResources: [], ignoredResourceGroups: [] },
    view().devices,
  )
  const served = { type: 'device-class-changed', object: { spec: { extendedResourceName: GPU } } } as const
  expect(mayWake(fit, served, asking(1))).toBe(true)
  expect(mayWake(fit, served, pod())).toBe(false)
  expect(mayWake(fit, { ...served, previous: served.object }, asking(1)), 'it served that before').toBe(false)
  expect(mayWake(fit, { type: 'node-added', node: node('n').node! }, asking(1)), 'it has no amount').toBe(true)
})

it('removes what an earlier attempt left behind, and tries again when it is gone', async () => {
  const what = asking(1)
  const stale = extendedClaimFor(what, [])
  stale.metadata = { ...stale.metadata, name: 'stale' }
  const { devices, did } = view({ stale })
  const { rejections, postFilter } = run(what, nodes(), { devices })
  expect(rejections.get('n')?.reasons).toEqual(['cannot schedule extended resource claim'])
  await postFilter?.errand?.()
  expect(did).toEqual(['removed stale'])
  const gone = { type: 'claim-changed', claim: { ...stale, status: {} }, previous: stale } as const
  expect(mayWake(dynamicResources(devices), gone, what)).toBe(true)
  expect(mayWake(dynamicResources(devices), gone, pod())).toBe(false)
})

import { beforeEach, expect, it } from 'vitest'
import { FakeClock } from '../../base/clock.ts'
import { noLogger } from '../../base/logger.ts'
import { Metrics } from '../../base/metrics.ts'
import type { ContainerStatus, ImageStatus } from '../container-runtime/container-runtime.ts'
import { SimulatedRuntime } from '../container-runtime/simulated/simulated-runtime.ts'
import { createSimulatedNodeOs } from '../node-os/simulated-node-os.ts'
import { ImageCollector } from './image-collector.ts'
import { kubeletConfigurationOf } from './kubelet-configuration.ts'

const SIZE = 10
let clock: FakeClock
let images: ImageStatus[]
let used: string[]
let references: string[]
let available: number
let said: string[]
let settings: { imageMaximumGCAge?: string }
let collector: ImageCollector

beforeEach(() => begin())

function begin(told: typeof settings = {}) {
  settings = told
  clock = new FakeClock()
  images = ['a', 'b', 'c', 'd'].map((id) => ({ id, tags: [`${id}:latest`], digests: [], sizeBytes: SIZE }))
  used = []
  references = []
  available = 50
  said = []
  const runtime = Object.assign(new SimulatedRuntime({ clock }), {
    listImages: async () => images,
    listContainers: async () => used.map((id) => ({ imageId: `docker://${id}` }) as ContainerStatus),
    imageStatus: async (name: string) => images.find(({ tags }) => tags.includes(name)),
    async removeImage(id: string) {
      images = images.filter((image) => image.id !== id)
      available += SIZE
    },
  })
  const os = {
    ...createSimulatedNodeOs({ hostname: 'n1' }),
    fileSystem: async () => ({ capacityBytes: 100, availableBytes: available, inodes: 1, inodesFree: 1 }),
  }
  const events = {
    pod: () => undefined,
    claim: () => undefined,
    node: (...[, reason, message]: string[]) => void said.push(`${reason}: ${message}`),
  }
  const configuration = kubeletConfigurationOf(undefined, settings)
  const common = {
    rootDir: '/',
    configuration,
    references: () => references,
    clock,
    logger: noLogger,
    metrics: new Metrics(),
    pulled: { prune: async () => {} },
  }
  collector = new ImageCollector({ runtime, os, events, ...common })
}

const left = () => images.map(({ id }) => id).join('')

it('leaves all where the disk has room', async () => {
  await collector.collect()
  await clock.advance(600_000)
  await collector.collect()
  expect(left()).toBe('abcd')
})

it('removes what was not used for longest, down to the low threshold', async () => {
  used = ['a', 'b', 'c']
  await collector.collect()
  await clock.advance(200_000)
  used = ['a', 'c']
  await collector.collect()
  await clock.advance(200_000)
  used = ['c']
  available = 5
  await collector.collect()
  // d was never used, then b; 20 of 100 have to be free.
  expect(left()).toBe('ac')
})

it('spares what has just come, what containers and pods have, and what the runtime needs, and says when that is not enough', async () => {
  available = 5
  images[0]!.isPinned = true
  references = ['b']
  used = ['c']
  await collector.collect()
  expect(left()).toBe('abcd')
  await clock.advance(120_000)
  await collector.collect()
  expect(left()).toBe('abc')
  expect(said.at(-1)).toBe(
    'FreeDiskSpaceFailed: Failed to garbage collect required amount of images. Attempted to free 15 bytes, but only found 10 bytes eligible to free.',
  )
})

it('removes all that is unused when the machine is short of disk', async () => {
  used = ['a']
  await collector.removeUnused()
  expect(left()).toBe('a')
})

it('removes what was not used for longer than images may lie, once it could know, whatever room there is', async () => {
  begin({ imageMaximumGCAge: '10m' })
  used = ['a', 'b']
  await collector.collect()
  await clock.advance(500_000)
  used = ['a']
  await collector.collect()
  expect(left()).toBe('abcd')
  await clock.advance(200_000)
  await collector.collect()
  // b was in use when it was looked at last, c and d never.
  expect(left()).toBe('a')
})

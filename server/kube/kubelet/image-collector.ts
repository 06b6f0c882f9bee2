// Removes images that nobody uses when the disk is nearly full: the one that was used longest ago first.
// Upstream: pkg/kubelet/images/image_gc_manager.go.

import type { Clock } from '../../base/clock.ts'
import type { Logger } from '../../base/logger.ts'
import type { Counter, Metrics } from '../../base/metrics.ts'
import type { ContainerRuntime, ImageStatus } from '../container-runtime/container-runtime.ts'
import type { NodeOs } from '../node-os/node-os.ts'
import { withDefaultTag } from './image-puller.ts'
import { durationOf, type KubeletConfiguration } from './kubelet-configuration.ts'
import type { KubeletEvents } from './kubelet-events.ts'
import type { PulledImages } from './pulled-images.ts'

export interface ImageCollectorOptions {
  runtime: ContainerRuntime
  os: NodeOs
  rootDir: string
  configuration: KubeletConfiguration
  /** Of images that pods have as volumes. */
  references(): readonly string[]
  events: KubeletEvents
  clock: Clock
  logger: Logger
  metrics: Metrics
  pulled: Pick<PulledImages, 'prune'>
}

interface Seen {
  /** Since the kubelet was started. */
  firstAt: number
  usedAt: number
}

const LOOK_MS = 300_000

export class ImageCollector {
  readonly #options: ImageCollectorOptions
  readonly #seen = new Map<string, Seen>()
  readonly #collected: Counter
  readonly #beganAt: number

  constructor(options: ImageCollectorOptions) {
    this.#options = options
    this.#beganAt = options.clock.monotonic()
    this.#collected = options.metrics.counter(
      'kubelet_image_garbage_collected_total',
      'Total number of images garbage collected by the kubelet, whether through disk usage or image age.',
    )
  }

  async run(signal: AbortSignal): Promise<void> {
    const { clock, logger } = this.#options
    while (!signal.aborted) {
      await this.collect().catch((err: unknown) => logger.warn('images were not looked through', { err }))
      await clock.sleep(LOOK_MS, signal).catch(() => undefined)
    }
  }

  /** When more of the disk is used than the high threshold, down to the low one. */
  async collect(): Promise<void> {
    const { os, rootDir, configuration, events } = this.#options
    await this.#look()
    await this.#freeOld(durationOf(configuration.imageMaximumGCAge))
    const disk = await os.fileSystem(rootDir)
    if (!disk || disk.capacityBytes === 0) return
    const { imageGCHighThresholdPercent: high, imageGCLowThresholdPercent: low, imageMinimumGCAge } = configuration
    const usedPercent = 100 - Math.floor((disk.availableBytes * 100) / disk.capacityBytes)
    if (usedPercent < high) return
    const wanted = Math.floor((disk.capacityBytes * (100 - low)) / 100) - disk.availableBytes
    const freed = await this.#free(wanted, durationOf(imageMinimumGCAge))
    if (freed >= wanted) return
    const message = `Failed to garbage collect required amount of images. Attempted to free ${wanted} bytes, but only found ${freed} bytes eligible to free.`
    events.node('Warning', 'FreeDiskSpaceFailed', message)
  }

  async removeUnused(): Promise<void> {
    await this.#look()
    await this.#free(Number.POSITIVE_INFINITY, 0)
  }

  /** Notes which images there are and which of them are in use now. */
  async #look(): Promise<ImageStatus[]> {
    const { runtime, clock, pulled } = this.#options
    const since = clock.now()
    const [images, used] = await Promise.all([runtime.listImages(), this.#inUse()])
    const now = clock.monotonic()
    const ids = new Set(images.map(({ id }) => id))
    for (const id of this.#seen.keys()) if (!ids.has(id)) this.#seen.delete(id)
    await pulled.prune(ids, since)
    for (const id of ids) {
      const seen = this.#seen.get(id) ?? { firstAt: now, usedAt: Number.NEGATIVE_INFINITY }
      this.#seen.set(id, used.has(id) ? { ...seen, usedAt: now } : seen)
    }
    return images
  }

  async #free(wantedBytes: number, minimumAgeMs: number): Promise<number> {
    const now = this.#options.clock.monotonic()
    const candidates = (await this.#unused())
      .filter(({ seen }) => now - seen.firstAt >= minimumAgeMs)
      .sort((a, b) => a.seen.usedAt - b.seen.usedAt || a.seen.firstAt - b.seen.firstAt)
    let freed = 0
    for (const { image } of candidates) {
      if (freed >= wantedBytes) break
      if (await this.#remove(image, 'space')) freed += image.sizeBytes
    }
    return freed
  }

  /** However much room there is; who knows of them for less time than that cannot say. */
  async #freeOld(ageMs: number): Promise<void> {
    const now = this.#options.clock.monotonic()
    if (ageMs === 0 || now - this.#beganAt <= ageMs) return
    for (const { image, seen } of await this.#unused()) if (now - seen.usedAt > ageMs) await this.#remove(image, 'age')
  }

  async #unused(): Promise<{ image: ImageStatus; seen: Seen }[]> {
    const { runtime, clock } = this.#options
    const used = await this.#inUse()
    const now = clock.monotonic()
    return (await runtime.listImages())
      .filter(({ id, isPinned }) => !used.has(id) && !isPinned)
      .map((image) => ({ image, seen: this.#seen.get(image.id) ?? { firstAt: now, usedAt: now } }))
  }

  async #remove(image: ImageStatus, reason: 'space' | 'age'): Promise<boolean> {
    const { runtime, logger } = this.#options
    try {
      await runtime.removeImage(image.id)
      this.#collected.add({ reason })
      return true
    } catch (err) {
      logger.warn('an image was not removed', { image: image.tags[0] ?? image.id, err })
      return false
    }
  }

  async #inUse(): Promise<Set<string>> {
    const { runtime, references } = this.#options
    const [containers, mounted] = await Promise.all([
      runtime.listContainers(),
      Promise.all(references().map((reference) => runtime.imageStatus(withDefaultTag(reference)))),
    ])
    const ids = [...containers.map(({ imageId }) => imageId), ...mounted.map((image) => image?.id ?? '')]
    return new Set(ids.map((id) => id.replace(/^.*:\/\//, '')))
  }
}

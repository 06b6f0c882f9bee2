// What must be there before a pod's containers are: its volumes, and its devices. What is not is told in the pod's Events.

import type { Pod } from 'kubernetes-types/core/v1'
import type { Clock } from '../../base/clock.ts'
import type { PodAddresses } from './field-ref.ts'
import type { KubeletEvents } from './kubelet-events.ts'
import { MountErrors, type MountedVolumes, type VolumeManager } from './volumes/volume-manager.ts'
import { VolumeAwaited } from './volumes/volume-plugin.ts'

export interface PodNeedsOptions {
  volumes: VolumeManager
  events: KubeletEvents
  clock: Clock
  /** Rejects when the devices of the pod's claims cannot be had here. */
  prepareDevices(pod: Pod): Promise<void>
}

/** Upstream's: a little more than the two minutes that attaching may take. */
const PATIENCE_MS = 123_000

export class PodNeeds {
  readonly #options: PodNeedsOptions

  constructor(options: PodNeedsOptions) {
    this.#options = options
  }

  /** Undefined while a volume is waited for that others are to attach; `memory` keeps since when. */
  async mount(
    pod: Pod,
    memory: { volumesAwaitedSince?: number | undefined },
    addresses: PodAddresses,
  ): Promise<MountedVolumes | undefined> {
    const { clock, events, volumes } = this.#options
    try {
      const mounted = await volumes.mount(pod, addresses)
      memory.volumesAwaitedSince = undefined
      return mounted
    } catch (err) {
      for (const { message } of err instanceof MountErrors ? err.each : []) {
        events.pod(pod, 'Warning', 'FailedMount', message)
      }
      if (!(err instanceof VolumeAwaited)) throw err
      memory.volumesAwaitedSince ??= clock.monotonic()
      if (clock.monotonic() - memory.volumesAwaitedSince < PATIENCE_MS) return undefined
      memory.volumesAwaitedSince = clock.monotonic()
      const which = `unmounted volumes=[${err.message}], unattached volumes=[${err.message}], failed to process volumes=[]`
      const message = `Unable to attach or mount volumes: ${which}: context deadline exceeded`
      events.pod(pod, 'Warning', 'FailedMount', message)
      return undefined
    }
  }

  async prepareDevices(pod: Pod): Promise<void> {
    if (!pod.spec?.resourceClaims?.length) return
    try {
      await this.#options.prepareDevices(pod)
    } catch (err) {
      const why = `Failed to prepare dynamic resources: prepare dynamic resources: ${(err as Error).message}`
      this.#options.events.pod(pod, 'Warning', 'FailedPrepareDynamicResources', why)
      throw err
    }
  }
}

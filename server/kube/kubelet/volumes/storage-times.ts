// How long it takes to set up and take down volumes, by kind, and how often it fails. Upstream: pkg/volume/util/metrics.go.

import type { Clock } from '../../../base/clock.ts'
import type { Histogram, Metrics } from '../../../base/metrics.ts'
import { VolumeAwaited, type VolumePlugin, type VolumeSource } from './volume-plugin.ts'

const BOUNDS = [0.1, 0.25, 0.5, 1, 2.5, 5, 10, 15, 25, 50, 120, 300, 600]

export class StorageTimes {
  readonly #clock: Clock
  readonly #durations: Histogram

  constructor({ clock, metrics }: { clock: Clock; metrics: Metrics }) {
    this.#clock = clock
    this.#durations = metrics.histogram('storage_operation_duration_seconds', 'Storage operation duration', BOUNDS)
  }

  async of<T>(operation: 'volume_mount' | 'volume_unmount', plugin: string, work: () => Promise<T>): Promise<T> {
    const startedAt = this.#clock.monotonic()
    const note = (status: 'success' | 'fail-unknown') => {
      const labels = { volume_plugin: plugin, operation_name: operation, status, migrated: 'false' }
      this.#durations.observe(labels, (this.#clock.monotonic() - startedAt) / 1000)
    }
    try {
      const done = await work()
      note('success')
      return done
    } catch (err) {
      // What others are to do first has not been begun.
      if (!(err instanceof VolumeAwaited)) note('fail-unknown')
      throw err
    }
  }
}

/** `kubernetes.io/configmap`; of drivers with their name, where it is known: `kubernetes.io/csi:hostpath.csi.k8s.io`. */
export function fullPluginName({ name }: VolumePlugin, volume?: VolumeSource): string {
  const kind = name.replace('~', '/')
  return volume?.csi ? `${kind}:${volume.csi.driver}` : kind
}

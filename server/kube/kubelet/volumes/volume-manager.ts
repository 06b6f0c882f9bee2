// Sets up a pod's volumes and says where containers find them. Keeps no memory: what is on disk counts, so a restart
// of the kubelet changes nothing. Upstream: pkg/kubelet/volumemanager.

import type { Pod, Volume } from 'kubernetes-types/core/v1'
import type { Mount } from '../../container-runtime/container-runtime.ts'
import { expand } from '../expansion.ts'
import type { PodAddresses } from '../field-ref.ts'
import type { ContainerSpec } from '../pod-runtime-state.ts'
import { behindClaim } from './claimed-volume.ts'
import { volumePlugins } from './index.ts'
import type { VolumePlugin, VolumePorts } from './volume-plugin.ts'

/** Shown as the event FailedMount. */
export class MountError extends Error {
  override readonly name = 'MountError'
}

/** Volume name → path on the machine. */
export type MountedVolumes = ReadonlyMap<string, string>

export class VolumeManager {
  readonly #ports: VolumePorts
  readonly #rootDir: string

  constructor(ports: VolumePorts, rootDir: string) {
    this.#ports = ports
    this.#rootDir = rootDir
  }

  /** Sets up all volumes, or with `live` only those whose content follows the API. */
  async mount(pod: Pod, addresses: PodAddresses, only: 'all' | 'live' = 'all'): Promise<MountedVolumes> {
    const mounted = new Map<string, string>()
    for (const told of pod.spec?.volumes ?? []) {
      if (only === 'live' && !pluginOf(told)?.isLive) continue
      const volume = await this.#behindClaim(pod, told)
      const plugin = pluginOf(volume)
      if (!plugin) throw new MountError(`no volume plugin matched volume "${volume.name}"`)
      const directory = this.#directoryOf(pod, plugin, volume.name)
      try {
        mounted.set(volume.name, await plugin.setUp({ pod, volume, directory, addresses }, this.#ports))
      } catch (err) {
        const why = err instanceof Error ? err.message : String(err)
        throw new MountError(`MountVolume.SetUp failed for volume "${volume.name}" : ${why}`, { cause: err })
      }
    }
    return mounted
  }

  async #behindClaim(pod: Pod, volume: Volume): Promise<Volume> {
    try {
      return await behindClaim(pod, volume, this.#ports.objects)
    } catch (err) {
      const why = err instanceof Error ? err.message : String(err)
      throw new MountError(
        `Unable to attach or mount volumes: unmounted volumes=[${volume.name}], unattached volumes=[], failed to process volumes=[${volume.name}]: ${why}`,
        { cause: err },
      )
    }
  }

  hasLive(pod: Pod): boolean {
    return (pod.spec?.volumes ?? []).some((volume) => pluginOf(volume)?.isLive)
  }

  /** By what is on disk, so that it also cleans after a pod of which nothing is known but its uid. */
  async unmount(podUid: string): Promise<void> {
    const root = `${this.#rootDir}/pods/${podUid}/volumes`
    for (const kind of await this.#ports.os.list(root)) {
      const plugin = volumePlugins.find(({ name }) => name === kind)
      if (!plugin?.tearDown) continue
      for (const name of await this.#ports.os.list(`${root}/${kind}`)) {
        await plugin.tearDown(`${root}/${kind}/${name}`, this.#ports)
      }
    }
  }

  async mountsOf(
    container: ContainerSpec,
    volumes: MountedVolumes,
    environment: ReadonlyMap<string, string>,
  ): Promise<Mount[]> {
    const mounts: Mount[] = []
    for (const mount of container.volumeMounts ?? []) {
      const root = volumes.get(mount.name)
      if (root === undefined) throw new MountError(`volume "${mount.name}" is not mounted`)
      const inside = mount.subPathExpr ? expand(mount.subPathExpr, environment) : (mount.subPath ?? '')
      mounts.push({
        hostPath: inside ? await this.#inside(root, inside) : root,
        containerPath: mount.mountPath,
        readOnly: mount.readOnly ?? false,
        ...(mount.mountPropagation ? { propagation: mount.mountPropagation as NonNullable<Mount['propagation']> } : {}),
      })
    }
    return mounts
  }

  /** A link in the volume must not lead out of it: what the pod wrote there is not to be trusted. */
  async #inside(root: string, path: string): Promise<string> {
    if (path.startsWith('/') || path.split('/').includes('..'))
      throw new MountError(`subPath "${path}" must stay in the volume`)
    const { os } = this.#ports
    const wanted = `${root}/${path}`
    if ((await os.kindOf(wanted)) === undefined) await os.makeDirectory(wanted, { mode: 0o750 })
    const [realRoot, real] = await Promise.all([os.realPath(root), os.realPath(wanted)])
    if (real === undefined || (real !== realRoot && !real.startsWith(`${realRoot}/`))) {
      throw new MountError(`subPath "${path}" must stay in the volume`)
    }
    return real
  }

  #directoryOf(pod: Pod, plugin: VolumePlugin, name: string): string {
    return `${this.#rootDir}/pods/${pod.metadata?.uid}/volumes/${plugin.name}/${name}`
  }
}

const pluginOf = (volume: Volume) => volumePlugins.find(({ field }) => volume[field] !== undefined)

// Sets up a pod's volumes and says where containers find them. Keeps no memory: what is on disk counts, so a restart
// of the kubelet changes nothing. Upstream: pkg/kubelet/volumemanager.

import type { Pod, Volume } from 'kubernetes-types/core/v1'
import type { Mount } from '../../container-runtime/container-runtime.ts'
import { expand } from '../expansion.ts'
import type { PodAddresses } from '../field-ref.ts'
import type { ContainerSpec } from '../pod-runtime-state.ts'
import { behindClaim, claimNameOf, type SourceOfVolume } from './claimed-volume.ts'
import { letGoOfAll, takeExclusively } from './exclusive-volumes.ts'
import { volumePlugins } from './index.ts'
import { fullPluginName, StorageTimes } from './storage-times.ts'
import {
  VolumeAwaited,
  type VolumePlugin,
  type VolumePorts,
  type VolumeRequest,
  type VolumeSource,
} from './volume-plugin.ts'
import type { MeasuredVolume } from './volume-usage.ts'

/** Shown as the event FailedMount. */
class MountError extends Error {
  override readonly name = 'MountError'
}

/** What is wrong with each of a pod's volumes that cannot be set up. */
export class MountErrors extends Error {
  override readonly name = 'MountErrors'
  readonly each: readonly MountError[]

  constructor(each: readonly MountError[]) {
    super(each.map(({ message }) => message).join('; '), { cause: each[0] })
    this.each = each
  }
}

export interface MountedVolume {
  /** On the machine. */
  path: string
  isReadOnly: boolean
}

/** By the volume's name. */
export type MountedVolumes = ReadonlyMap<string, MountedVolume>

export class VolumeManager {
  readonly #ports: VolumePorts
  readonly #times: StorageTimes

  constructor(ports: VolumePorts) {
    this.#ports = ports
    this.#times = new StorageTimes(ports)
  }

  /**
   * Sets up all volumes, also where one of them cannot be. Rejects with MountErrors, or with a VolumeAwaited that has the
   * names of those for a message that are only waited for.
   */
  async mount(pod: Pod, addresses: PodAddresses): Promise<MountedVolumes> {
    const mounted = new Map<string, MountedVolume>()
    const failed: MountError[] = []
    const awaited: string[] = []
    for (const told of pod.spec?.volumes ?? []) {
      try {
        mounted.set(told.name, await this.#mountOne(pod, told, addresses))
      } catch (err) {
        if (err instanceof MountError) failed.push(err)
        else if (err instanceof VolumeAwaited) awaited.push(told.name)
        else throw err
      }
    }
    if (failed.length > 0) throw new MountErrors(failed)
    if (awaited.length > 0) throw new VolumeAwaited(awaited.join(' '))
    return mounted
  }

  async #mountOne(pod: Pod, told: Volume, addresses: PodAddresses): Promise<MountedVolume> {
    const source = await this.#behindClaim(pod, told)
    const { plugin, ...request } = this.#requestOf(pod, source)
    try {
      await takeExclusively(pod.metadata?.uid ?? '', source.persistentVolume, this.#ports)
      const setUp = () => plugin.setUp({ ...request, addresses }, this.#ports)
      const path = await this.#times.of('volume_mount', fullPluginName(plugin, source.volume), setUp)
      return { path, isReadOnly: source.isReadOnly || (plugin.isReadOnly ?? false) }
    } catch (err) {
      if (err instanceof VolumeAwaited) throw err
      const why = err instanceof Error ? err.message : String(err)
      const name = source.persistentVolume?.metadata?.name ?? told.name
      throw new MountError(`MountVolume.SetUp failed for volume "${name}" : ${why}`, { cause: err })
    }
  }

  async #behindClaim(pod: Pod, volume: Volume): Promise<SourceOfVolume> {
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

  /** Of a pod that runs: what follows the API, and what drivers want to do once in a while. One that fails holds up no other. */
  async refresh(pod: Pod, addresses: PodAddresses): Promise<void> {
    const outcomes = await Promise.allSettled(
      (pod.spec?.volumes ?? []).filter(mayChange(pod)).map(async (told) => {
        const { plugin, ...request } = this.#requestOf(pod, await this.#behindClaim(pod, told))
        if (plugin.isLive) await plugin.setUp({ ...request, addresses }, this.#ports)
        else await plugin.refresh?.({ ...request, addresses }, this.#ports)
      }),
    )
    for (const outcome of outcomes) if (outcome.status === 'rejected') throw outcome.reason
  }

  hasLive(pod: Pod): boolean {
    return (pod.spec?.volumes ?? []).some(mayChange(pod))
  }

  /** Of those that somebody can count: all, or those behind claims. One that cannot be measured now is left out. */
  async usage(pod: Pod, { onlyClaimed }: { onlyClaimed: boolean }): Promise<MeasuredVolume[]> {
    const asked = (pod.spec?.volumes ?? []).map(async (told): Promise<MeasuredVolume[]> => {
      const claimName = claimNameOf(pod, told)
      if (onlyClaimed && claimName === undefined) return []
      const { plugin, ...request } = this.#requestOf(pod, await this.#behindClaim(pod, told))
      const usage = await plugin.usage?.(request, this.#ports)
      return usage ? [{ name: told.name, ...(claimName !== undefined && { claimName }), usage }] : []
    })
    return (await Promise.allSettled(asked)).flatMap((one) => (one.status === 'fulfilled' ? one.value : []))
  }

  /** By their plug-ins' names, one for each volume; of what stands behind a claim that cannot be followed, nobody knows. */
  async pluginsOf(pod: Pod): Promise<string[]> {
    const { objects } = this.#ports
    const named = (pod.spec?.volumes ?? []).map(async (told) => {
      const { volume } = await behindClaim(pod, told, objects).catch(() => ({ volume: told }))
      const plugin = pluginOf(volume)
      return plugin ? fullPluginName(plugin, volume) : 'N/A'
    })
    return Promise.all(named)
  }

  #requestOf(pod: Pod, source: SourceOfVolume): Omit<VolumeRequest, 'addresses'> & { plugin: VolumePlugin } {
    const { name } = source.volume
    const plugin = pluginOf(source.volume)
    if (!plugin) throw new MountError(`no volume plugin matched volume "${name}"`)
    return { ...source, pod, plugin, directory: this.#directoryOf(pod, plugin, name) }
  }

  /** By what is on disk, so that it also cleans after a pod of which nothing is known but its uid. One that fails holds up no other. */
  async unmount(podUid: string): Promise<void> {
    const { os } = this.#ports
    const pod = `${this.#ports.rootDir}/pods/${podUid}`
    for (const target of await this.#deep(`${pod}/${SUB_PATHS}`, 3)) await os.unmount(target)
    const directories = await this.#deep(`${pod}/volumes`, 2)
    const outcomes = await Promise.allSettled(
      directories.map(async (directory) => {
        const kind = directory.split('/').at(-2)
        const plugin = volumePlugins.find(({ name }) => name === kind)
        const tearDown = plugin?.tearDown?.bind(plugin)
        if (plugin && tearDown) {
          await this.#times.of('volume_unmount', fullPluginName(plugin), () => tearDown(directory, this.#ports))
        }
      }),
    )
    for (const outcome of outcomes) if (outcome.status === 'rejected') throw outcome.reason
    await letGoOfAll(podUid, this.#ports)
  }

  async mountsOf(
    pod: Pod,
    container: ContainerSpec,
    volumes: MountedVolumes,
    environment: ReadonlyMap<string, string>,
  ): Promise<Mount[]> {
    const mounts: Mount[] = []
    for (const [index, mount] of (container.volumeMounts ?? []).entries()) {
      const volume = volumes.get(mount.name)
      if (!volume) throw new MountError(`volume "${mount.name}" is not mounted`)
      if ((mount as { recursiveReadOnly?: string }).recursiveReadOnly === 'Enabled') {
        const why = `volume "${mount.name}" requested recursive read-only mode, but it is not supported by the runtime`
        throw new MountError(`failed to resolve recursive read-only mode: ${why}`)
      }
      const inside = mount.subPathExpr ? expandPath(mount.subPathExpr, environment) : (mount.subPath ?? '')
      const place = `${this.#ports.rootDir}/pods/${pod.metadata?.uid}/${SUB_PATHS}/${mount.name}/${container.name}/${index}`
      mounts.push({
        hostPath: inside ? await this.#inside(volume.path, inside, place, container.name, mount.name) : volume.path,
        containerPath: mount.mountPath,
        readOnly: volume.isReadOnly || (mount.readOnly ?? false),
        ...(mount.mountPropagation ? { propagation: mount.mountPropagation as NonNullable<Mount['propagation']> } : {}),
      })
    }
    return mounts
  }

  /** Bound to a place of the kubelet's own: what the pod wrote into the volume is not to be trusted (sub-path.ts). */
  async #inside(root: string, path: string, place: string, container: string, volume: string): Promise<string> {
    const { os } = this.#ports
    const refuse = (cause?: unknown) =>
      // No word more: it would tell of the machine's own files.
      new MountError(`failed to prepare subPath for volumeMount "${volume}" of container "${container}"`, { cause })
    if (path.startsWith('/')) throw new MountError(`error SubPath \`${path}\` must not be an absolute path`)
    if (path.split('/').includes('..'))
      throw new MountError(`unable to provision SubPath \`${path}\`: must not contain '..'`)
    try {
      // Of the container's last life; what it showed may be another file by now.
      await os.unmount(place)
      await os.bindInside(root, path, place)
    } catch (err) {
      throw refuse(err)
    }
    return place
  }

  async #deep(root: string, depth: number): Promise<string[]> {
    const found = (await this.#ports.os.list(root)).map((name) => `${root}/${name}`)
    return depth === 1 ? found : (await Promise.all(found.map((path) => this.#deep(path, depth - 1)))).flat()
  }

  #directoryOf(pod: Pod, plugin: VolumePlugin, name: string): string {
    return `${this.#ports.rootDir}/pods/${pod.metadata?.uid}/volumes/${plugin.name}/${name}`
  }
}

const SUB_PATHS = 'volume-subpaths'

/** Unlike in commands, a variable without a value is a mistake here: it would be a place that others have too. */
function expandPath(path: string, environment: ReadonlyMap<string, string>): string {
  const missing = new Set<string>()
  const value = expand(path, {
    get(name) {
      const found = environment.get(name)
      if (!found) missing.add(name)
      return found
    },
  })
  if (missing.size > 0) throw new MountError(`missing value for ${[...missing].sort().join(', ')}`)
  return value
}

/** Behind a claim there may be anything. */
const mayChange = (pod: Pod) => (volume: Volume) => {
  const plugin = pluginOf(volume)
  return claimNameOf(pod, volume) !== undefined || plugin?.isLive || plugin?.refresh !== undefined
}

const pluginOf = (volume: VolumeSource) => volumePlugins.find(({ field }) => volume[field] !== undefined)

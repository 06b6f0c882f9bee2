// What the kubelets of a simulated cluster do about volumes: a pod runs only where its volumes are, with those that were
// attached to its machine, and its machine says which it uses, before it does and until it does not.

import type { Pod as CorePod, PersistentVolume as Volume } from 'kubernetes-types/core/v1'
import { isNotFound } from '../../apimachinery/status-error.ts'
import type { Client } from '../../client/client.ts'
import { Node } from '../../kinds/node.ts'
import { PersistentVolume } from '../../kinds/persistent-volume.ts'
import { PersistentVolumeClaim } from '../../kinds/persistent-volume-claim.ts'

export class Mounts {
  readonly problems = new Set<string>()
  readonly #client: Client
  /** By machine and pod: what the machine says that it uses, which it says before it does. */
  readonly #told = new Map<string, Map<string, Set<string>>>()
  /** Pods that use nothing any more, even if their start is under way. */
  readonly #over = new Set<string>()
  /** By pods: what is mounted. */
  readonly #mounted = new Map<string, Set<string>>()

  constructor(client: Client) {
    this.#client = client
  }

  isUsed(node: string, volume: string): boolean {
    return [...(this.#told.get(node)?.keys() ?? [])].some((pod) => this.#mounted.get(pod)?.has(volume))
  }

  /** False when the pod has to wait for a volume. */
  async mount(pod: CorePod): Promise<boolean> {
    return this.#mountAll(pod).catch((err) => {
      if (isNotFound(err)) return false
      throw err
    })
  }

  async #mountAll({ metadata, spec }: CorePod): Promise<boolean> {
    const node = spec?.nodeName ?? ''
    for (const { persistentVolumeClaim: used } of spec?.volumes ?? []) {
      if (!used) continue
      const claims = this.#client.of(PersistentVolumeClaim)
      const claim = await claims.get({ namespace: metadata?.namespace ?? '', name: used.claimName })
      if (claim.status?.phase !== 'Bound') return false
      const volume = await this.#client.of(PersistentVolume).get({ name: claim.spec?.volumeName ?? '' })
      if (volume.spec?.claimRef?.uid !== claim.metadata?.uid) return false
      if (placeOf(volume) !== undefined && placeOf(volume) !== node) {
        this.problems.add(`${metadata?.name} is on ${node}, its volume is not`)
      }
      if (volume.spec?.csi && !(await this.#mountAttached(node, metadata?.uid ?? '', volume))) return false
    }
    return true
  }

  async unmount({ metadata, spec }: CorePod): Promise<void> {
    const node = spec?.nodeName ?? ''
    this.#over.add(metadata?.uid ?? '')
    this.#mounted.delete(metadata?.uid ?? '')
    this.#told.get(node)?.delete(metadata?.uid ?? '')
    // Also what could not be told the last time.
    if (this.#told.has(node)) await this.#tell(node)
  }

  async #mountAttached(node: string, pod: string, volume: Volume): Promise<boolean> {
    if (this.#over.has(pod)) return false
    const ofNode = this.#told.get(node) ?? new Map<string, Set<string>>()
    this.#told.set(node, ofNode.set(pod, having(ofNode.get(pod), volume.metadata?.name)))
    await this.#tell(node)
    const { status } = await this.#client.of(Node).get({ name: node })
    if (!status?.volumesAttached?.some(({ name }) => name === uniqueNameOf(volume))) return false
    if (this.#over.has(pod)) return false
    this.#mounted.set(pod, having(this.#mounted.get(pod), volume.metadata?.name))
    return true
  }

  /** What the attach/detach loop must leave where it is. */
  async #tell(node: string): Promise<void> {
    const names = new Set([...(this.#told.get(node)?.values() ?? [])].flatMap((volumes) => [...volumes]))
    const volumes = await Promise.all([...names].map((name) => this.#client.of(PersistentVolume).get({ name })))
    const status = { volumesInUse: volumes.map(uniqueNameOf) }
    const merge = 'application/merge-patch+json'
    await this.#client.of(Node).patch({ name: node }, merge, { status }, { subresource: 'status' })
  }
}

const having = (volumes: ReadonlySet<string> = new Set(), name = '') => new Set([...volumes, name])

const placeOf = ({ spec }: Volume) =>
  spec?.nodeAffinity?.required?.nodeSelectorTerms[0]?.matchExpressions?.[0]?.values?.[0]

const uniqueNameOf = ({ spec }: Volume) => `kubernetes.io/csi/${spec?.csi?.driver}^${spec?.csi?.volumeHandle}`

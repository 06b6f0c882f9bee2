// Which static pods run: all that the manifests name, and of one name never two, so that a changed one begins when the one
// before has ended. Upstream: pkg/kubelet/pod_workers.go, allowStaticPodStart.

import type { ContainerStatus, Pod, PodStatus } from 'kubernetes-types/core/v1'
import type { Change } from '../../client/shared-informer.ts'
import type { PodWorker } from '../pod-worker.ts'
import { ManifestSources, type ManifestSourcesOptions } from './manifest-sources.ts'
import { isMirror, MirrorPods, type MirrorPodsOptions } from './mirror-pods.ts'

export interface StaticPodsOptions extends Omit<ManifestSourcesOptions & MirrorPodsOptions, 'onPods'> {
  worker(podUid: string): PodWorker | undefined
  takeOn(pod: Pod): void
}

export class StaticPods implements Disposable {
  readonly #options: StaticPodsOptions
  readonly #sources: ManifestSources
  readonly #mirrors: MirrorPods
  /** By name: the newest manifest's. */
  #wanted = new Map<string, Pod>()
  /** By name: what has been started and has not ended. */
  readonly #running = new Map<string, Pod>()
  /** By uid: how often the containers of what has ended were started. */
  readonly #ended = new Map<
    string,
    { at: number; told: Pick<PodStatus, 'containerStatuses' | 'initContainerStatuses'> }
  >()

  constructor(options: StaticPodsOptions) {
    this.#options = options
    this.#mirrors = new MirrorPods(options)
    this.#sources = new ManifestSources({ ...options, onPods: (pods) => this.#set(pods) })
  }

  /** Needs no API server: it may be one of them. Resolves when all manifests have been read. */
  start(signal: AbortSignal): Promise<void> {
    return this.#sources.start(signal)
  }

  /** The pods of the API are known. */
  showInApi(): void {
    this.#mirrors.start()
  }

  /** False for pods that are to run because the API says so. */
  hear({ type, object }: Change<Pod>): boolean {
    if (!isMirror(object)) return false
    this.#mirrors.hear(object, { isDeleted: type === 'deleted' })
    return true
  }

  /** What the API has for a pod: itself, or its mirror. */
  shownAs(pod: Pod): Pod | undefined {
    return this.has(pod) ? this.#mirrors.of(pod) : pod
  }

  ended(pod: Pod): void {
    if (!this.has(pod)) return
    this.#running.delete(nameOf(pod))
    this.#ended.set(uidOf(pod), { at: this.#options.clock.now(), told: countsIn(this.#mirrors.of(pod)) })
    this.#mirrors.drop(pod)
    this.#startNext(nameOf(pod))
  }

  [Symbol.dispose](): void {
    this.#mirrors[Symbol.dispose]()
  }

  has(pod: Pod): boolean {
    return uidOf(this.#running.get(nameOf(pod))) === uidOf(pod)
  }

  /** Everything that the manifests name. Of several with one name the first counts. */
  #set(pods: Pod[]): void {
    this.#wanted = new Map(pods.toReversed().map((pod) => [nameOf(pod), pod]))
    for (const [name, pod] of this.#running) {
      if (uidOf(this.#wanted.get(name)) !== uidOf(pod)) this.#options.worker(uidOf(pod))?.removedFromManifests()
    }
    for (const name of this.#wanted.keys()) this.#startNext(name)
  }

  #startNext(name: string): void {
    const wanted = this.#wanted.get(name)
    if (!wanted || this.#running.has(name)) return
    const next = this.#countedOn(wanted)
    this.#running.set(name, next)
    this.#mirrors.want(next)
    this.#options.takeOn(next)
  }

  /** The same that was there a moment ago has begun once more; upstream's finds the containers of before. */
  #countedOn(pod: Pod): Pod {
    const since = this.#options.clock.now() - COLLECTED_AFTER_MS
    for (const [uid, { at }] of this.#ended) if (at <= since) this.#ended.delete(uid)
    return { ...pod, status: { ...pod.status, ...this.#ended.get(uidOf(pod))?.told } }
  }
}

/** Upstream's collector comes each minute. */
const COLLECTED_AFTER_MS = 60_000

function countsIn(mirror: Pod | undefined) {
  const counts = (told: ContainerStatus[] = []) => told.map((one) => ({ ...one, state: {}, lastState: {} }))
  const { containerStatuses, initContainerStatuses } = mirror?.status ?? {}
  return {
    ...(containerStatuses && { containerStatuses: counts(containerStatuses) }),
    ...(initContainerStatuses && { initContainerStatuses: counts(initContainerStatuses) }),
  }
}

const nameOf = ({ metadata }: Pod) => `${metadata?.namespace}/${metadata?.name}`
const uidOf = (pod: Pod | undefined) => pod?.metadata?.uid ?? ''

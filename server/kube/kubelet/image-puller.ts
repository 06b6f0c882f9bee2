// Makes sure that a container's image is there, by its pull policy, with back-off per pod and image.
// Upstream: pkg/kubelet/images/image_manager.go.

import type { Pod } from 'kubernetes-types/core/v1'
import type { Clock } from '../../base/clock.ts'
import type { Histogram, Metrics } from '../../base/metrics.ts'
import type { ContainerRuntime, ImageStatus } from '../container-runtime/container-runtime.ts'
import type { ApiObjects } from './api-objects.ts'
import type { KubeletEvents } from './kubelet-events.ts'
import type { ContainerSpec } from './pod-runtime-state.ts'
import type { PulledImages } from './pulled-images.ts'
import { type RegistryAuth, registryAuthsOf } from './registry-auth.ts'
import { goMeasured, StartBackoff } from './start-backoff.ts'
import type { PodStartup } from './telemetry/pod-startup.ts'

export type ImageOutcome =
  | { ok: true }
  | {
      ok: false
      reason:
        | 'ErrImagePull'
        | 'ImagePullBackOff'
        | 'ErrImageNeverPull'
        | 'ImageInspectError'
        | 'InvalidImageName'
        | RuntimesReason
      message: string
      retryAfterMs: number
    }

export interface ImagePullerOptions {
  runtime: ContainerRuntime
  objects: ApiObjects
  events: KubeletEvents
  clock: Clock
  metrics: Metrics
  startup: Pick<PodStartup, 'pulling'>
  pulled: Pick<PulledImages, 'mustPull' | 'begin' | 'succeeded' | 'failed'>
  /** Of programs of the machine, tried after those that the pod names. */
  moreAuths?: (image: string, pod: Pod) => Promise<RegistryAuth[]>
}

export class ImagePuller {
  readonly #runtime: ContainerRuntime
  readonly #objects: ApiObjects
  readonly #events: KubeletEvents
  readonly #clock: Clock
  readonly #moreAuths: (image: string, pod: Pod) => Promise<RegistryAuth[]>
  readonly #backoff: StartBackoff
  readonly #startup: Pick<PodStartup, 'pulling'>
  readonly #pulled: ImagePullerOptions['pulled']
  readonly #durations: Histogram
  readonly #lastError = new Map<string, string>()

  constructor(options: ImagePullerOptions) {
    const { runtime, objects, events, clock, metrics, startup, pulled, moreAuths = async () => [] } = options
    this.#runtime = runtime
    this.#objects = objects
    this.#events = events
    this.#clock = clock
    this.#startup = startup
    this.#pulled = pulled
    this.#moreAuths = moreAuths
    this.#durations = metrics.histogram(
      'kubelet_image_pull_duration_seconds',
      'Duration in seconds to pull an image.',
      PULL_BOUNDS,
    )
    this.#backoff = new StartBackoff({ clock, initialMs: 10_000, maxMs: 300_000 })
  }

  /** `onPull`: it is not there, and may take long. */
  async ensure(
    pod: Pod,
    container: ContainerSpec,
    fieldPath: string,
    onPull: () => void = () => undefined,
  ): Promise<ImageOutcome> {
    const asked = container.image ?? ''
    const image = withDefaultTag(asked)
    const say = (type: 'Normal' | 'Warning', reason: string, message: string) =>
      this.#events.pod(pod, type, reason, message, fieldPath)
    const wrong = whatIsWrongWith(asked)
    if (wrong) {
      const message = `Failed to apply default image tag "${asked}": couldn't parse image name "${asked}": ${wrong}`
      say('Warning', 'InspectFailed', message)
      return { ok: false, reason: 'InvalidImageName', message, retryAfterMs: 60_000 }
    }
    const policy = container.imagePullPolicy ?? defaultPolicy(image)
    let present: ImageStatus | undefined
    try {
      if (policy !== 'Always') present = await this.#runtime.imageStatus(image)
    } catch (err) {
      // Upstream names what it has found here, which is nothing.
      const message = `Failed to inspect image "": ${err instanceof Error ? err.message : String(err)}`
      say('Warning', 'InspectFailed', message)
      return { ok: false, reason: 'ImageInspectError', message, retryAfterMs: 10_000 }
    }
    const isOpen = present && !(await this.#pulled.mustPull(image, present.id, () => this.#authsFor(pod, image)))
    if (isOpen) {
      say('Normal', 'Pulled', `Container image "${asked}" already present on machine and can be accessed by the pod`)
      return { ok: true }
    }
    // Who may not have it is not told that it is here.
    if (policy === 'Never') {
      const message = `Container image "${asked}" is not present with pull policy of Never`
      say('Warning', 'ErrImageNeverPull', message)
      return { ok: false, reason: 'ErrImageNeverPull', message, retryAfterMs: 10_000 }
    }
    onPull()
    return this.#pull(pod, asked, image, say)
  }

  forget(podUid: string): void {
    this.#backoff.forget(`${podUid}_`)
    for (const key of this.#lastError.keys()) if (key.startsWith(`${podUid}_`)) this.#lastError.delete(key)
  }

  async #authsFor(pod: Pod, image: string): Promise<RegistryAuth[]> {
    const [own, more] = await Promise.all([registryAuthsOf(pod, image, this.#objects), this.#moreAuths(image, pod)])
    return [...own, ...more]
  }

  /** Whoever may not have it leaves it to the next; without anybody, as nobody. */
  async #pullAsSomebody(image: string, auths: readonly RegistryAuth[]): Promise<ImageStatus & { auth?: RegistryAuth }> {
    if (auths.length === 0) return this.#runtime.pullImage(image)
    const problems = new Set<string>()
    for (const auth of auths) {
      try {
        const { username, password } = auth
        return { ...(await this.#runtime.pullImage(image, { username, password })), auth }
      } catch (err) {
        problems.add(err instanceof Error ? err.message : String(err))
      }
    }
    const [only = ''] = problems
    throw new Error(problems.size === 1 ? only : `[${[...problems].join(', ')}]`)
  }

  async #pull(
    pod: Pod,
    asked: string,
    image: string,
    say: (type: 'Normal' | 'Warning', reason: string, message: string) => void,
  ): Promise<ImageOutcome> {
    const key = `${pod.metadata?.uid}_${image}`
    const waitMs = this.#backoff.remainingSinceTryMs(key)
    if (waitMs > 0) {
      const message = `Back-off pulling image "${asked}": ${this.#lastError.get(key) ?? 'ErrImagePull'}`
      say('Normal', 'BackOff', `Back-off pulling image "${asked}"`)
      return { ok: false, reason: 'ImagePullBackOff', message, retryAfterMs: waitMs }
    }
    say('Normal', 'Pulling', `Pulling image "${asked}"`)
    const startedAt = this.#clock.monotonic()
    using _pull = this.#startup.pulling(pod.metadata?.uid ?? '')
    try {
      await this.#pulled.begin(image)
      const { id, sizeBytes, auth } = await this.#pullAsSomebody(image, await this.#authsFor(pod, image))
      await this.#pulled.succeeded(image, id, auth)
      const tookMs = this.#clock.monotonic() - startedAt
      this.#durations.observe({ image_size_in_bytes: sizeClassOf(sizeBytes) }, tookMs / 1000)
      const took = goMeasured(tookMs)
      say(
        'Normal',
        'Pulled',
        `Successfully pulled image "${asked}" in ${took} (${took} including waiting). Image size: ${sizeBytes} bytes.`,
      )
      this.#lastError.delete(key)
      return { ok: true }
    } catch (err) {
      await this.#pulled.failed(image)
      const text = err instanceof Error ? err.message : String(err)
      const { reason, message } = whyNotPulled(asked, text)
      this.#backoff.next(key, this.#clock.now())
      this.#lastError.set(key, `${reason}: ${message}`)
      say('Warning', 'Failed', `Failed to pull image "${asked}": ${text}`)
      return { ok: false, reason, message, retryAfterMs: 2_000 }
    }
  }
}

type RuntimesReason = 'RegistryUnavailable' | 'SignatureValidationFailed'

/** A runtime may say itself what it is, before its own words. */
const RUNTIMES_REASONS: readonly [RuntimesReason, words: string][] = [
  ['RegistryUnavailable', 'the registry is unavailable'],
  ['SignatureValidationFailed', 'the signature validation failed'],
]

function whyNotPulled(asked: string, text: string): { reason: RuntimesReason | 'ErrImagePull'; message: string } {
  const [reason, words] = RUNTIMES_REASONS.find(([one]) => text.startsWith(one)) ?? []
  if (!reason) return { reason: 'ErrImagePull', message: text }
  return { reason, message: `image pull failed for ${asked} because ${words}${text.slice(reason.length)}` }
}

const PULL_BOUNDS = [1, 5, 10, 20, 30, 60, 120, 180, 240, 300, 360, 480, 600, 900, 1200, 1800, 2700, 3600]

/** Of images larger than that, in MiB. */
const SIZE_CLASSES: readonly [megabytes: number, label: string][] = [
  [102_400, 'GT100GB'],
  [61_440, '60GB-100GB'],
  [40_960, '40GB-60GB'],
  [30_720, '30GB-40GB'],
  [20_480, '20GB-30GB'],
  [10_240, '10GB-20GB'],
  [5120, '5GB-10GB'],
  [1024, '1GB-5GB'],
  [500, '500MB-1GB'],
  [100, '100MB-500MB'],
  [10, '10MB-100MB'],
  [0, '0-10MB'],
]

const sizeClassOf = (bytes: number): string =>
  SIZE_CLASSES.find(([megabytes]) => bytes > megabytes * 2 ** 20)?.[1] ?? 'N/A'

export function withDefaultTag(image: string): string {
  const last = image.slice(image.lastIndexOf('/') + 1)
  return last.includes(':') || last.includes('@') ? image : `${image}:latest`
}

const defaultPolicy = (image: string) => (image.endsWith(':latest') ? 'Always' : 'IfNotPresent')

/** Repository in lower case, an optional registry with port, tag or digest. Upstream: distribution/reference. */
function whatIsWrongWith(image: string): string | undefined {
  const isValid =
    /^(?:[\w.-]+(?::\d+)?\/)?[a-z0-9]+(?:[._/-]+[a-z0-9]+)*(?::[\w][\w.-]{0,127})?(?:@[a-z0-9+.-]+:[0-9a-fA-F]{32,})?$/
  const [first = '', ...rest] = image.split('/')
  const hasRegistry = rest.length > 0 && (/[.:]/.test(first) || first === 'localhost' || first !== first.toLowerCase())
  const path = hasRegistry ? rest.join('/') : rest.length > 0 ? image : `library/${image}`
  const repository = path.replace(/:.*/s, '')
  if (repository !== repository.toLowerCase())
    return `invalid reference format: repository name (${repository}) must be lowercase`
  // It could be an image's id as well.
  if (/^[0-9a-f]{64}$/.test(image)) {
    return `invalid repository name (${image}), cannot specify 64-byte hexadecimal strings`
  }
  return isValid.test(image) ? undefined : 'invalid reference format'
}

// Plug-ins that look at what is about to be written: first those that change it, then, when it is complete and valid,
// those that refuse. Upstream: apiserver/pkg/admission.

import type { Clock } from '../../../base/clock.ts'
import type { KubeObject } from '../../apimachinery/object-meta.ts'
import { forbidden, type StatusError } from '../../apimachinery/status-error.ts'
import type { AnyKind, Kind } from '../../kinds/define-kind.ts'
import type { GroupVersionKind } from '../../schemas/schemas.ts'
import type { Gate } from '../registry/registry.ts'
import type { RequestContext, UserInfo } from '../request-path/request-context.ts'
import type { AdmissionMetrics } from './admission-metrics.ts'
import { Reinvocation } from './reinvocation.ts'

export type AdmissionOperation = 'CREATE' | 'UPDATE' | 'DELETE' | 'CONNECT'

/** The same objects in another version, to and from the form that a request holds them in. */
export interface ObjectVersion {
  kind: AnyKind
  shown(object: KubeObject): KubeObject | Promise<KubeObject>
  held(object: KubeObject): KubeObject | Promise<KubeObject>
}

export interface AdmissionRequest {
  operation: AdmissionOperation
  /** As authorizers are asked: a patch is an UPDATE too. */
  verb: string
  kind: AnyKind
  /** Of the object, where a subresource takes another than the resource's own: an Eviction, a PodExecOptions. */
  objectKind?: GroupVersionKind | undefined
  /** As the URL names it. */
  requested: AnyKind
  /** In which it is served: first the one that was requested. Empty where nothing is converted. */
  versions(): readonly ObjectVersion[]
  subresource: string
  namespace: string
  name: string
  /** Absent on DELETE. Mutating plug-ins change it in place. */
  object: KubeObject | undefined
  previous: KubeObject | undefined
  user: UserInfo
  dryRun: boolean
  /** Asked once more about what others have made of it? */
  reinvocation: Reinvocation
  warn(message: string): void
  /** For the audit log. */
  annotate(key: string, value: string): void
  /** The same about what was sent: only for logs that hold that too. */
  annotateBody(key: string, value: string): void
}

/** What plug-ins may look up: as of the caches, which hold everything this server has acknowledged. */
export interface AdmissionReader {
  find<T extends KubeObject>(kind: Kind<T>, namespace: string, name: string): T | undefined
  /** In one namespace, or all where that is left out. */
  list<T extends KubeObject>(kind: Kind<T>, namespace?: string): T[]
  /** A kind that is served, custom ones included. */
  kindOf(apiVersion: string, kind: string): AnyKind | undefined
  /** Resolves when the caches hold all that is stored. */
  caughtUp(): Promise<void> | undefined
  readonly clock: Clock
}

/** How a plug-in refuses, in the words of admission.NewForbidden. */
export function refusal({ kind, object, previous, name }: AdmissionRequest, why: string): StatusError {
  return forbidden({ group: kind.group, resource: kind.plural }, (object ?? previous)?.metadata?.name || name, why)
}

export interface AdmissionPlugin {
  readonly name: string
  handles(request: AdmissionRequest): boolean
  mutate?(request: AdmissionRequest, reader: AdmissionReader): void | Promise<void>
  validate?(request: AdmissionRequest, reader: AdmissionReader): void | Promise<void>
}

/** What is known of a request before its object is. */
export type AdmissionAbout = Omit<
  AdmissionRequest,
  'verb' | 'object' | 'previous' | 'user' | 'reinvocation' | 'warn' | 'annotate' | 'annotateBody'
>

/** As upstream calls them. */
const STEPS = { mutate: 'admit', validate: 'validate' } as const

export class Admission {
  readonly #plugins: Record<'mutate' | 'validate', readonly AdmissionPlugin[]>
  readonly #reader: AdmissionReader
  readonly #metrics: AdmissionMetrics

  constructor(plugins: readonly AdmissionPlugin[], reader: AdmissionReader, metrics: AdmissionMetrics) {
    this.#plugins = {
      mutate: plugins.filter(({ mutate }) => mutate),
      validate: plugins.filter(({ validate }) => validate),
    }
    this.#reader = reader
    this.#metrics = metrics
  }

  /** The plug-ins, as one request meets them. */
  gateFor(context: RequestContext, about: AdmissionAbout): Gate {
    const asked = (object: KubeObject | undefined, previous: KubeObject | undefined): AdmissionRequest => ({
      ...about,
      object,
      previous,
      verb: context.verb,
      user: context.user,
      reinvocation: new Reinvocation(),
      warn: (message) => context.warn(message),
      annotate: (key, value) => context.annotate(key, value),
      annotateBody: (key, value) => context.annotateBody(key, value),
    })
    const run = async (phase: 'mutate' | 'validate', request: AdmissionRequest) => {
      const plugins = this.#plugins[phase]
      const from = context.clock.monotonic()
      let count = 0
      const took = (isRejected: boolean) => {
        const seconds = (context.clock.monotonic() - from) / 1000
        this.#metrics.step(STEPS[phase], request.operation, isRejected, seconds)
      }
      try {
        // One ends where the next begins: the clock is asked once for each.
        let began = from
        do {
          // By number: a loop that may wait makes an object for each turn of an iterator, and each write meets them all.
          for (let at = 0; at < plugins.length; at++) {
            const plugin = plugins[at]!
            if (!plugin.handles(request)) continue
            count++
            let isRejected = true
            try {
              const pending = plugin[phase]?.(request, this.#reader)
              if (pending) await pending
              isRejected = false
            } finally {
              const ended = context.clock.monotonic()
              this.#metrics.plugin(plugin.name, STEPS[phase], request.operation, isRejected, (ended - began) / 1000)
              began = ended
            }
          }
        } while (request.reinvocation.begins())
        took(false)
        context.stage('admission', from, phase === 'mutate' || count > 0 ? `${count} plug-ins` : '')
      } catch (err) {
        took(true)
        context.stage('admission', from, 'refused', false)
        throw err
      }
    }
    return {
      mutate: (object, previous) => run('mutate', asked(object, previous)),
      validate: (object, previous) => run('validate', asked(object, previous)),
    }
  }
}

// One request on its way: who sent it, what it is because of, and how long each stage took.

import type { Clock } from '../../../base/clock.ts'
import type { RequestDecision, RequestStage } from '../../../base/trace.ts'
import { textFindings } from '../../apimachinery/told.ts'
import type { WriteOrigin } from '../watch-cache/writes-in-flight.ts'
import { PLAIN, type Representation } from './negotiate.ts'

export interface UserInfo {
  name: string
  uid?: string
  groups: readonly string[]
  extra?: Readonly<Record<string, readonly string[]>>
}

export class RequestContext {
  readonly id: string
  /** The same, unless the sender has one: then all servers on the way tell of the request by that. */
  readonly auditId: string
  readonly startedAt: number
  readonly client: string
  readonly userAgent: string
  readonly because: number | undefined
  /** Root of the chain of causes; its own id when it is because of nothing. */
  readonly cause: string
  readonly clock: Clock
  /** Aborted when the client has gone. */
  readonly signal: AbortSignal | undefined
  readonly #warnings = textFindings()
  readonly #warned = new Set<string>()
  /** What plug-ins have to say to the audit log. */
  readonly annotations: Record<string, string> = {}
  /** The same about what was sent: only for logs that hold that too. */
  readonly bodyAnnotations: Record<string, string> = {}
  readonly stages: RequestStage[] = []
  /** In which form it wants its answer; settled before anything is done. */
  representation: Representation = PLAIN
  /** What priority and fairness took it for; told in headers. */
  flow: { schemaUid: string; levelUid: string } | undefined
  user: UserInfo = { name: '', groups: [] }
  verb = ''
  /** Who really sent it, when `user` is somebody whom the sender may act as. */
  impersonator: UserInfo | undefined
  /** By which constrained right it may; empty for the right to do whatever they may. */
  impersonationConstraint = ''
  /** How the sender proved who it is. */
  authenticator = ''
  decision: RequestDecision | undefined
  /** Upstream's words for the decision. */
  decisionReason = ''
  /** The revision it wrote. */
  revision: number | undefined
  /** For a write that is meant for one state of the object only: which, and what it would have written. */
  meant: { for: number; content: object } | undefined

  constructor(told: {
    id: string
    auditId: string
    client: string
    userAgent: string
    because: number | undefined
    cause: string
    clock: Clock
    signal?: AbortSignal | undefined
  }) {
    this.id = told.id
    this.auditId = told.auditId
    this.client = told.client
    this.userAgent = told.userAgent
    this.because = told.because
    this.cause = told.cause
    this.clock = told.clock
    this.signal = told.signal
    this.startedAt = told.clock.monotonic()
  }

  get origin(): WriteOrigin {
    return { requestId: this.id, cause: this.cause, client: this.client }
  }

  /** Sent as `Warning:` headers. */
  get warnings(): readonly string[] {
    return this.#warnings.all
  }

  /** Times one stage. A stage that comes in parts (admission before and after defaults) is counted once. */
  stage(name: RequestStage['name'], from: number, detail: string, ok = true): void {
    const durationMs = this.clock.monotonic() - from
    const earlier = this.stages.find((stage) => stage.name === name)
    if (earlier) {
      earlier.durationMs += durationMs
      earlier.ok &&= ok
      if (detail) earlier.detail = detail
    } else this.stages.push({ name, durationMs, detail, ok })
  }

  /** Remembers what a write says of the state it was made for; nothing, where it names no revision. */
  means(resourceVersion: string | undefined, content: object): void {
    if (resourceVersion) this.meant = { for: Number(resourceVersion), content }
  }

  /** Whoever says something first has said it. */
  annotate(key: string, value: string): void {
    this.annotations[key] ??= value
  }

  annotateBody(key: string, value: string): void {
    this.bodyAnnotations[key] ??= value
  }

  warn(message: string): void {
    if (this.#warned.has(message)) return
    this.#warned.add(message)
    this.#warnings.add(message)
  }
}

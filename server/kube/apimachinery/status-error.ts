// The one error that travels the whole system, and its wire form. Constructors name the situation, predicates
// recognise it. Upstream: apimachinery/pkg/api/errors/errors.go; wording is what kubectl users see.

import { Findings, shortened } from './told.ts'

const CODE_OF = {
  BadRequest: 400,
  Unauthorized: 401,
  Forbidden: 403,
  NotFound: 404,
  MethodNotAllowed: 405,
  NotAcceptable: 406,
  AlreadyExists: 409,
  Conflict: 409,
  Gone: 410,
  Expired: 410,
  RequestEntityTooLarge: 413,
  UnsupportedMediaType: 415,
  Invalid: 422,
  TooManyRequests: 429,
  InternalError: 500,
  /** Upstream has no reason for it either: kubectl prints "Error from server: …" and no word in brackets. */
  Unknown: 500,
  ServiceUnavailable: 503,
  Timeout: 504,
} as const

export type StatusReason = keyof typeof CODE_OF

export interface StatusCause {
  reason?: string
  message?: string
  field?: string
}

export interface StatusDetails {
  name?: string
  group?: string
  kind?: string
  uid?: string
  causes?: StatusCause[]
  retryAfterSeconds?: number
}

export interface Status {
  kind: 'Status'
  apiVersion: 'v1'
  /** Of an expired list: how to go on nevertheless. */
  metadata: { continue?: string }
  status: 'Success' | 'Failure'
  message?: string
  reason?: string
  details?: StatusDetails
  code?: number
}

export class StatusError extends Error {
  override readonly name = 'StatusError'
  readonly reason: StatusReason
  readonly details: StatusDetails | undefined
  readonly metadata: Status['metadata']

  constructor(
    reason: StatusReason,
    message: string,
    options?: ErrorOptions & { details?: StatusDetails; metadata?: Status['metadata'] },
  ) {
    super(message, options)
    this.reason = reason
    this.details = options?.details
    this.metadata = options?.metadata ?? {}
  }

  get code(): number {
    return CODE_OF[this.reason]
  }

  toStatus(): Status {
    return {
      kind: 'Status',
      apiVersion: 'v1',
      metadata: this.metadata,
      status: 'Failure',
      message: this.message,
      ...(this.reason === 'Unknown' ? {} : { reason: this.reason }),
      ...(this.details ? { details: this.details } : {}),
      code: this.code,
    }
  }

  static fromStatus(status: {
    reason?: string
    message?: string
    code?: number
    details?: StatusDetails
  }): StatusError {
    const reason =
      status.reason && Object.hasOwn(CODE_OF, status.reason)
        ? (status.reason as StatusReason)
        : reasonOfCode(status.code)
    return new StatusError(reason, status.message ?? 'unknown', status.details ? { details: status.details } : {})
  }
}

/** There is nothing of ours at a path: told over HTTP as Go's own server does, which knows of no Status. */
export class PageNotFoundError extends StatusError {
  constructor() {
    super('NotFound', 'the server could not find the requested resource', { details: {} })
  }
}

function reasonOfCode(code = 500): StatusReason {
  const known = Object.entries(CODE_OF).find(([, value]) => value === code)
  return known ? (known[0] as StatusReason) : 'InternalError'
}

/** `pods`, `deployments.apps`: how a resource is named in messages. */
export interface GroupResource {
  group: string
  resource: string
}

export function qualified({ group, resource }: GroupResource): string {
  return group ? `${resource}.${group}` : resource
}

const detailsOf = (of: GroupResource, name: string): StatusDetails => ({
  name,
  ...(of.group ? { group: of.group } : {}),
  kind: of.resource,
})

export const notFound = (of: GroupResource, name: string) =>
  new StatusError('NotFound', `${qualified(of)} "${name}" not found`, { details: detailsOf(of, name) })

export const alreadyExists = (of: GroupResource, name: string) =>
  new StatusError('AlreadyExists', `${qualified(of)} "${name}" already exists`, { details: detailsOf(of, name) })

/** A name of the server's own choice, and every other that was tried, is taken. */
export const noNameFound = (of: GroupResource, name: string) =>
  new StatusError(
    'AlreadyExists',
    `${qualified(of)} "${name}" already exists, the server was not able to generate a unique name for the object`,
    { details: { ...detailsOf(of, name), retryAfterSeconds: 1 } },
  )

export const conflict = (of: GroupResource, name: string, why: string) =>
  new StatusError('Conflict', `Operation cannot be fulfilled on ${qualified(of)} "${name}": ${why}`, {
    details: detailsOf(of, name),
  })

/** The sentence of a stale update, word for word as the registry says it. */
export const STALE = 'the object has been modified; please apply your changes to the latest version and try again'

export const badRequest = (message: string) => new StatusError('BadRequest', message)
export const expired = (message: string) => new StatusError('Expired', message)
export const internalError = (err: unknown) =>
  new StatusError('InternalError', `Internal error occurred: ${err instanceof Error ? err.message : String(err)}`, {
    cause: err,
  })

export const forbidden = (of: GroupResource, name: string, why: string) =>
  new StatusError('Forbidden', `${qualified(of)}${name ? ` "${name}"` : ''} is forbidden: ${why}`, {
    details: detailsOf(of, name),
  })

/** Field errors as one 422, worded and ordered as upstream's `NewInvalid`. */
export function invalid(of: { group: string; kind: string }, name: string, errors: FieldError[]): StatusError {
  const told = errorFindings().addAll(errors).all
  const texts = [...new Set(told.map((error) => `${error.field}: ${error.message}`))]
  const list = texts.length === 1 ? texts[0] : `[${texts.join(', ')}]`
  const kind = of.group ? `${of.kind}.${of.group}` : of.kind
  return new StatusError('Invalid', shortened(`${kind} "${name}" is invalid: ${list}`), {
    details: {
      name,
      ...(of.group ? { group: of.group } : {}),
      kind: of.kind,
      causes: told.map(({ reason, message, field }) => ({
        reason,
        message: shortened(message),
        field: shortened(field),
      })),
    },
  })
}

/** One thing wrong with one field. Upstream: apimachinery/pkg/util/validation/field/errors.go. */
export interface FieldError {
  reason:
    | 'FieldValueRequired'
    | 'FieldValueInvalid'
    | 'FieldValueDuplicate'
    | 'FieldValueForbidden'
    | 'FieldValueNotSupported'
    | 'FieldValueNotFound'
    | 'FieldValueTooLong'
    | 'FieldValueTooMany'
    | 'FieldValueTypeInvalid'
  field: string
  message: string
}

export const errorFindings = () => new Findings<FieldError>(({ field, message }) => field.length + message.length)

/** In the place of a value that is too large to be told. */
export const NOT_TOLD = Symbol('not told')

const ESCAPED: Readonly<Record<string, string>> = { '<': '\\u003c', '>': '\\u003e', '&': '\\u0026' }
/** JSON as Go writes it, which it makes fit to stand in a page. */
export const forPages = (json: string) => json.replace(/[<>&]/g, (sign) => ESCAPED[sign] ?? sign)
const shown = (value: unknown) =>
  typeof value === 'string' ? JSON.stringify(value) : forPages(JSON.stringify(value) ?? 'null')
const told = (what: string, value: unknown) => (value === NOT_TOLD ? what : `${what}: ${shown(value)}`)

export const writtenSupported = (supported: readonly string[]): string =>
  supported.map((value) => JSON.stringify(value)).join(', ')

export const fieldError = {
  required: (field: string, detail = ''): FieldError => ({
    reason: 'FieldValueRequired',
    field,
    message: `Required value${detail && `: ${detail}`}`,
  }),
  invalid: (field: string, value: unknown, detail: string): FieldError => ({
    reason: 'FieldValueInvalid',
    field,
    message: `${told('Invalid value', value)}: ${detail}`,
  }),
  duplicate: (field: string, value: unknown): FieldError => ({
    reason: 'FieldValueDuplicate',
    field,
    message: told('Duplicate value', value),
  }),
  forbidden: (field: string, detail: string): FieldError => ({
    reason: 'FieldValueForbidden',
    field,
    message: `Forbidden: ${detail}`,
  }),
  /** `supported`: as `writtenSupported` writes it, where many values are held against the same ones. */
  notSupported: (field: string, value: unknown, supported: readonly string[] | string): FieldError => ({
    reason: 'FieldValueNotSupported',
    field,
    message: `Unsupported value: ${shown(value)}: supported values: ${typeof supported === 'string' ? supported : writtenSupported(supported)}`,
  }),
  notFound: (field: string, value: unknown): FieldError => ({
    reason: 'FieldValueNotFound',
    field,
    message: `Not found: ${shown(value)}`,
  }),
  tooMany: (field: string, count: number, max: number): FieldError => ({
    reason: 'FieldValueTooMany',
    field,
    message: `Too many: ${count}: must have at most ${max} items`,
  }),
  tooLong: (field: string, max: number): FieldError => ({
    reason: 'FieldValueTooLong',
    field,
    message: `Too long: may not be more than ${max} bytes`,
  }),
}

const hasReason =
  (...reasons: StatusReason[]) =>
  (err: unknown): err is StatusError =>
    err instanceof StatusError && reasons.includes(err.reason)

export const isNotFound = hasReason('NotFound')
export const isAlreadyExists = hasReason('AlreadyExists')
export const isConflict = hasReason('Conflict')
/** The asked revision has been compacted away: list again. */
export const isExpired = hasReason('Expired', 'Gone')

/** Nobody has written the asked revision yet. */
export const isRevisionTooLarge = (err: unknown): boolean =>
  err instanceof StatusError && Boolean(err.details?.causes?.some(({ reason }) => reason === 'ResourceVersionTooLarge'))

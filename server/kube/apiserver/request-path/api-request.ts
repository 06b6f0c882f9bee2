// A request as both fronts hand it in: HTTPS from outside, a function call from inside.

import type { UserInfo } from './request-context.ts'

export interface ApiRequest {
  method: string
  path: string
  query: URLSearchParams
  userAgent: string
  accept: string
  contentType: string
  /** The header `Podium-Because`. */
  because: string
  credentials: Credentials
  /** The headers `Impersonate-…`. */
  impersonation?: Impersonation
  body: RequestBody
  signal?: AbortSignal | undefined
  remoteAddress?: string
  ifNoneMatch?: string
  /** By which the sender wants to find it in audit logs. */
  auditId?: string
}

export type Credentials =
  /** In the process: whoever made the transport has said who it is. */
  { type: 'known'; user: UserInfo } | ({ type: 'presented' } & PresentedCredentials)

export interface PresentedCredentials {
  certificate?: PresentedCertificate | undefined
  bearerToken?: string | undefined
  basic?: { name: string; password: string } | undefined
  /** By names in lower case: what a proxy in front has found out. */
  headers?: Readonly<Record<string, readonly string[] | undefined>>
}

export interface PresentedCertificate {
  commonName: string
  organizations: readonly string[]
  /** SHA-256 of the certificate, in hexadecimal. */
  fingerprint: string
  /** DER. */
  raw: Buffer
  /** Why OpenSSL does not accept it (`CERT_HAS_EXPIRED`); undefined when an authority of ours has signed it and it is in date. */
  problem?: string | undefined
}

export interface Impersonation {
  user: string
  groups: readonly string[]
  uid: string
  /** Keys in lower case. */
  extra: Readonly<Record<string, readonly string[]>>
}

export type RequestBody =
  | { type: 'none' }
  /** Read only once the request is authorized. Rejects with RequestEntityTooLarge. */
  | { type: 'bytes'; read(): Promise<Buffer> }
  /** From inside the process; may be shared and frozen. */
  | { type: 'object'; value: unknown }

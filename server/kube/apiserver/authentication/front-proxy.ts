// A proxy that has found out who somebody is, and says so in headers: believed when it shows a certificate of its own
// authority. Upstream: apiserver/pkg/authentication/request/headerrequest/requestheader.go.

import type { PresentedCredentials } from '../request-path/api-request.ts'
import type { UserInfo } from '../request-path/request-context.ts'
import { assertIssued } from './client-certificate.ts'

export interface FrontProxyOptions {
  /** PEM of the authority that signs proxies' certificates. */
  caPem: string
  /** Common names that proxies may have; empty: any. */
  allowedNames: readonly string[]
  /** In lower case, as all the rest. */
  usernameHeaders: readonly string[]
  uidHeaders: readonly string[]
  groupHeaders: readonly string[]
  extraHeaderPrefixes: readonly string[]
}

export class FrontProxy {
  readonly #options: FrontProxyOptions

  constructor(options: FrontProxyOptions) {
    this.#options = options
  }

  get caPem(): string {
    return this.#options.caPem
  }

  /** Undefined when the sender is no proxy, or names nobody. */
  userOf({ certificate, headers = {} }: PresentedCredentials): UserInfo | undefined {
    const { caPem, allowedNames, usernameHeaders, uidHeaders, groupHeaders } = this.#options
    const first = (names: readonly string[]) => names.map((name) => headers[name]?.[0]).find(Boolean)
    const name = first(usernameHeaders)
    if (!certificate || !name) return undefined
    assertIssued(certificate, caPem)
    if (allowedNames.length > 0 && !allowedNames.includes(certificate.commonName)) {
      throw new Error(`x509: subject with cn=${certificate.commonName} is not in the allowed list`)
    }
    const uid = first(uidHeaders)
    const extra = this.#extra(headers)
    return {
      name,
      ...(uid ? { uid } : {}),
      groups: groupHeaders.flatMap((header) => headers[header] ?? []),
      ...(Object.keys(extra).length > 0 ? { extra } : {}),
    }
  }

  #extra(headers: NonNullable<PresentedCredentials['headers']>): Record<string, string[]> {
    const extra: Record<string, string[]> = {}
    for (const [header, values = []] of Object.entries(headers)) {
      const prefix = this.#options.extraHeaderPrefixes.find((one) => header.startsWith(one))
      if (!prefix) continue
      const key = unescaped(header.slice(prefix.length))
      extra[key] = [...(extra[key] ?? []), ...values]
    }
    return extra
  }
}

function unescaped(key: string): string {
  try {
    return decodeURIComponent(key).toLowerCase()
  } catch {
    return key
  }
}

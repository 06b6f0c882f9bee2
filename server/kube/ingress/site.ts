// What a door for HTTP has to know: under which names it answers, and who is behind which path. Objects of the API are
// made into this (ingress-sites.ts, gateway-sites.ts), and this into the configuration of nginx (nginx-config.ts).

export interface Site {
  /** A name; `*.` and a name for what is one label below it, `**.` for all below it; empty: whoever no other is for. */
  host: string
  /** At port 80. */
  plain: Location[]
  /** At port 443. */
  secure?: { certificate: Certificate; locations: Location[] }
}

export interface Location {
  path: string
  /** Nothing but the path itself; otherwise whatever lies below it too, by whole elements. */
  isExact: boolean
  /** The first that fits says who answers. */
  rules: Rule[]
}

export interface Rule {
  /** All of them have to hold. */
  conditions: Condition[]
  /** So much of the requests for each; nobody at all where all weights are 0. */
  split: { backend: Backend; weight: number }[]
  changes?: Changes
}

/** What becomes of a request, and of what is answered, on the way. */
export interface Changes {
  request?: HeaderChanges
  response?: HeaderChanges
  /** Whom it is for, as whoever answers hears it. */
  host?: string
  path?: PathChange
  /** Nobody behind the door is asked: the caller is sent on. */
  redirect?: Redirect
  /** They hear it too; what they answer nobody hears. */
  mirrors?: Backend[]
}

export interface HeaderChanges {
  set: { name: string; value: string }[]
  add: { name: string; value: string }[]
  remove: string[]
}

/** All of the path by another, or what stands before the rest of it. */
export type PathChange = { full: string } | { prefix: string; by: string }

export interface Redirect {
  scheme?: 'http' | 'https'
  host?: string
  port?: number
  path?: PathChange
  code: number
}

export interface Condition {
  of: 'method' | 'header' | 'query'
  /** Empty for the method. */
  name: string
  value: string
}

export interface Backend {
  /** `default.web.80`: the same for all who mean the same Service and port. */
  name: string
  /** Of pods that are ready, with their ports: `10.244.0.3:80`. */
  addresses: string[]
  /** What it is named after does not exist, or may not be used. */
  isInvalid?: boolean
}

export interface Certificate {
  /** `default.shop-tls`. */
  name: string
  certPem: string
  keyPem: string
}

export const always = (backend: Backend): Rule => ({ conditions: [], split: [{ backend, weight: 1 }] })

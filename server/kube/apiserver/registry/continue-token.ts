// Where a list goes on: the key after the last one shown, and the revision that the first page showed.
// Upstream: apiserver/pkg/storage/continue.go; clients treat it as opaque, people like to decode it.

import { posix } from 'node:path'
import { badRequest } from '../../apimachinery/status-error.ts'
import { readPlainJson } from '../../schemas/strict-json.ts'

/** In place of a revision: whatever is newest when the token is used. */
export const LATEST = -1

export function writeContinueToken(prefix: string, from: { revision: number; start: string }): string {
  const told = { v: 'meta.k8s.io/v1', rv: from.revision, start: from.start.slice(prefix.length) }
  return Buffer.from(JSON.stringify(told)).toString('base64url')
}

export function readContinueToken(prefix: string, token: string): { revision: number; start: string } {
  const bad = (why: string) => badRequest(`invalid continue token: continue key is not valid${why}`)
  const wrong = token.search(/[^A-Za-z0-9_-]/)
  if (wrong >= 0) throw bad(`: illegal base64 data at input byte ${wrong}`)
  let told: { v?: unknown; rv?: unknown; start?: unknown }
  try {
    told = Object(readPlainJson(Buffer.from(token, 'base64url').toString('utf8')).value)
  } catch (err) {
    throw bad(`: ${err instanceof Error ? err.message : 'invalid'}`)
  }
  const { v = '', rv = 0, start = '' } = told
  if (v !== 'meta.k8s.io/v1') throw bad(`: server does not recognize this encoded version ${v}`)
  if (typeof rv !== 'number' || !Number.isSafeInteger(rv) || rv === 0) {
    throw bad(': incorrect encoded start resourceVersion (version meta.k8s.io/v1)')
  }
  if (typeof start !== 'string' || start === '') throw bad(': encoded start key empty (version meta.k8s.io/v1)')
  // Nobody may climb out of what he may read: a resource, or one namespace of it.
  const path = start.startsWith('/') ? start : `/${start}`
  if (posix.normalize(path) !== path || (path.endsWith('/') && path !== '/')) throw bad(`: ${start}`)
  return { revision: rv, start: prefix + path.slice(1) }
}

// The cookie that says which learner a browser belongs to: `<learner>.<signature>`. Signed with a key that never leaves
// the state directory; deleting that file signs everybody out. Named after the port, for browsers send the cookies of
// one host to all of its ports.

import { createHmac, randomBytes, timingSafeEqual } from 'node:crypto'
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'

export interface SessionCookies {
  /** The value of a Set-Cookie header. */
  issue(learnerId: string): string
  /** The learner that a Cookie header speaks for, if it is one of ours. */
  read(header: string | undefined): string | undefined
}

const MAX_AGE_SECONDS = 180 * 24 * 60 * 60

export function sessionCookies({ key, port }: { key: Buffer; port: number }): SessionCookies {
  const name = `podium-${port}`
  const sign = (learnerId: string) => createHmac('sha256', key).update(learnerId).digest()
  return {
    issue(learnerId) {
      const value = `${learnerId}.${sign(learnerId).toString('base64url')}`
      return `${name}=${value}; Path=/; Max-Age=${MAX_AGE_SECONDS}; HttpOnly; SameSite=Strict`
    },
    read(header) {
      const value = cookieNamed(header, name)
      const dot = value?.lastIndexOf('.') ?? -1
      if (!value || dot < 1) return undefined
      const learnerId = value.slice(0, dot)
      const signature = Buffer.from(value.slice(dot + 1), 'base64url')
      const expected = sign(learnerId)
      return signature.length === expected.length && timingSafeEqual(signature, expected) ? learnerId : undefined
    },
  }
}

function cookieNamed(header: string | undefined, name: string): string | undefined {
  const pairs = (header ?? '').split(';').map((pair) => pair.trim())
  return pairs.find((pair) => pair.startsWith(`${name}=`))?.slice(name.length + 1)
}

export function readOrMakeKey(stateDir: string): Buffer {
  const path = join(stateDir, 'classroom', 'cookie.key')
  try {
    return readFileSync(path)
  } catch (err) {
    if ((err as NodeJS.ErrnoException).code !== 'ENOENT') throw err
    const key = randomBytes(32)
    mkdirSync(dirname(path), { recursive: true, mode: 0o700 })
    writeFileSync(path, key, { mode: 0o600 })
    return key
  }
}

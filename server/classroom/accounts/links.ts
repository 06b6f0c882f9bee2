// One-time links into the classroom. Whoever may write into its state directory may make one: a file there, named
// after the token's hash, is the token's only trace, and using it is deleting it. So the server and the command line need
// no channel between them, and a link works exactly once.

import { createHash, randomBytes } from 'node:crypto'
import { mkdir, stat, unlink, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { Clock } from '../../base/clock.ts'
import type { Entrance } from './entrance.ts'

const VALID_FOR_MS = 12 * 60 * 60 * 1000
const TOKEN = /^[A-Za-z0-9_-]{43}$/

const directoryOf = (stateDir: string) => join(stateDir, 'classroom', 'links')
const fileOf = (stateDir: string, token: string) =>
  join(directoryOf(stateDir), createHash('sha256').update(token).digest('hex'))

/** Makes a token that works once, within the next twelve hours. */
export async function createToken(stateDir: string): Promise<string> {
  const token = randomBytes(32).toString('base64url')
  await mkdir(directoryOf(stateDir), { recursive: true, mode: 0o700 })
  await writeFile(fileOf(stateDir, token), '', { mode: 0o600 })
  return token
}

/** True for exactly one caller, however many come with the same token at once. */
export async function redeemToken(stateDir: string, token: string, clock: Clock): Promise<boolean> {
  if (!TOKEN.test(token)) return false
  const file = fileOf(stateDir, token)
  try {
    const { mtimeMs } = await stat(file)
    await unlink(file)
    return clock.now() - mtimeMs < VALID_FOR_MS
  } catch (err) {
    if ((err as NodeJS.ErrnoException).code === 'ENOENT') return false
    throw err
  }
}

/** Whether it would be redeemed now. */
export async function isGoodToken(stateDir: string, token: string, clock: Clock): Promise<boolean> {
  if (!TOKEN.test(token)) return false
  const made = await stat(fileOf(stateDir, token)).catch(() => undefined)
  return made !== undefined && clock.now() - made.mtimeMs < VALID_FOR_MS
}

/** On loopback it opens the classroom; where people log in it makes an administrator, and no server ever hears the fragment. */
export const linkTo = ({ answersAs, accounts }: Pick<Entrance, 'answersAs' | 'accounts'>, token: string): string =>
  accounts ? `${answersAs}/first-admin#${token}` : `${answersAs}/?token=${token}`

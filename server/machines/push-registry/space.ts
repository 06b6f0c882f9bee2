// How much of the registry's disk is somebody's. Blobs lie there once for all; each owner is charged for those that their
// repositories refer to, for uploads that are under way, and something for every file, or a million small ones would be free.

import { readdir, rm, stat } from 'node:fs/promises'
import { join } from 'node:path'

const PER_FILE = 4096

export async function spaceOf(root: string, owner: string): Promise<number> {
  const tree = join(root, 'docker/registry/v2')
  const mine = join(tree, 'repositories', owner)
  const names = await readdir(mine, { recursive: true }).catch(() => [])
  const digests = new Set(names.flatMap((name) => /sha256\/([0-9a-f]{64})\/link$/.exec(name)?.[1] ?? []))
  const files = [
    ...names.filter((name) => /_uploads\/[^/]+\/data$/.test(name)).map((name) => join(mine, name)),
    ...[...digests].map((digest) => join(tree, 'blobs/sha256', digest.slice(0, 2), digest, 'data')),
  ]
  const sizes = await Promise.all(files.map(async (file) => (await stat(file).catch(() => undefined))?.size ?? 0))
  return sizes.reduce((sum, size) => sum + size, names.length * PER_FILE)
}

export async function forgetUpload(root: string, repository: string, id: string): Promise<void> {
  const upload = join(root, 'docker/registry/v2/repositories', repository, '_uploads', id)
  await rm(upload, { recursive: true, force: true }).catch(() => undefined) // the registry still writes there, and takes it away later
}

export interface Account extends Disposable {
  /** False when there is not so much left; whoever asked gets none of it. */
  take(bytes: number): boolean
}

/** What each may still write. All requests of one owner that are under way draw on one account. */
export class Accounts {
  #open = new Map<string, { left: Promise<{ bytes: number }>; holders: number }>()
  #quota: number
  #used: (owner: string) => Promise<number>

  constructor(options: { quotaBytes: number; used: (owner: string) => Promise<number> }) {
    this.#quota = options.quotaBytes
    this.#used = options.used
  }

  async open(owner: string): Promise<Account> {
    const account = this.#open.get(owner) ?? { left: this.#look(owner), holders: 0 }
    this.#open.set(owner, account)
    account.holders += 1
    const left = await account.left
    return {
      take(bytes) {
        if (bytes > left.bytes) return false
        left.bytes -= bytes
        return true
      },
      [Symbol.dispose]: () => {
        account.holders -= 1
        if (account.holders === 0) this.#open.delete(owner)
      },
    }
  }

  async #look(owner: string): Promise<{ bytes: number }> {
    return { bytes: this.#quota - (await this.#used(owner)) }
  }
}

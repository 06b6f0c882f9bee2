// --basic-auth-file: names and passwords with every request. Kubernetes had it until v1.19; it is here to be taught as
// history, and says so to whoever uses it.

import { createHash, timingSafeEqual } from 'node:crypto'
import type { UserInfo } from '../request-path/request-context.ts'
import type { ListedUser } from './user-file.ts'

export interface BasicCredentials {
  name: string
  password: string
}

const digest = (text: string) => createHash('sha256').update(text).digest()
const WARNING = 'basic authentication was removed from Kubernetes in v1.19: it sends a password with every request'

export class BasicAuthFile {
  readonly #users: ReadonlyMap<string, ListedUser>

  constructor(listed: readonly ListedUser[]) {
    this.#users = new Map(listed.map((one) => [one.user.name, one]))
  }

  authenticate({ name, password }: BasicCredentials): { user: UserInfo; warning: string } | undefined {
    const listed = this.#users.get(name)
    const isRight = timingSafeEqual(digest(listed?.secret ?? ''), digest(password))
    return listed && isRight ? { user: listed.user, warning: WARNING } : undefined
  }
}

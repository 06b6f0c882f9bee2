// What learners have open of their own clusters in the browser. A page from a pod is shown on the classroom's own origin but
// has none itself (see passing-back.ts), so its requests bear no cookie: whoever knows the token in the path is whom it was
// given to. Tokens are in memory, and end with the login, with the cluster, or when there are newer ones.

import { randomBytes } from 'node:crypto'
import { BlockList, isIP } from 'node:net'
import { CookieJar } from 'tough-cookie'
import type { MachineNetwork } from '../../kube/cluster/index.ts'
import type { Connections } from '../accounts/connections.ts'
import { ClassroomError } from '../classroom-error.ts'
import type { Door } from './doors.ts'

export interface Preview {
  readonly door: Door
  /** Where it stands in the classroom, without a slash at its end. */
  readonly prefix: string
  /** Cookies of the pages behind the door: what has no origin is kept none by the browser. */
  readonly cookies: CookieJar
  /** What is being answered, however long that takes: it ends with the preview. */
  readonly underWay: Set<{ destroy(): void }>
  /** Whether the learner still has the cluster that this leads to. */
  isOpen(): boolean
}

export const PREVIEW = /^\/preview\/([\w-]+)(\/.*|\?.*)?$/

const MOST_OF_ONE = 8

export class Previews {
  readonly #connections: Connections
  readonly #open = new Map<string, { preview: Preview; personId: string; held: Disposable }>()

  constructor(connections: Connections) {
    this.#connections = connections
  }

  /** Returns where to go, the same while that door is open already. Refuses addresses outside the learner's network: objects are written by learners. */
  open(what: {
    personId: string
    /** Whose cluster it is: what is taken from them goes for those who look on, too. */
    learnerId: string
    door: Door
    network: MachineNetwork
    isOpen: () => boolean
  }): string {
    const { personId, learnerId, door, network, isOpen } = what
    if (!isInside(network, door.host)) {
      throw new ClassroomError('door-closed', `${door.host} is not an address of your cluster’s network.`)
    }
    const mine = [...this.#open].filter(([, each]) => each.personId === personId)
    const same = mine.find(([token, { preview }]) => isSame(preview.door, door) && this.find(token))
    if (same) return `${same[1].preview.prefix}/`
    for (const [token] of mine.slice(0, Math.max(0, mine.length - MOST_OF_ONE + 1))) this.#close(token)
    const token = randomBytes(24).toString('base64url')
    const preview = {
      door,
      prefix: `/preview/${token}`,
      cookies: new CookieJar(),
      underWay: new Set<{ destroy(): void }>(),
      isOpen,
    }
    const held = new DisposableStack()
    for (const each of [personId, learnerId]) held.use(this.#connections.hold(each, () => this.#close(token)))
    this.#open.set(token, { preview, personId, held })
    return `${preview.prefix}/`
  }

  find(token: string): Preview | undefined {
    const found = this.#open.get(token)
    if (found && !found.preview.isOpen()) this.#close(token)
    return found?.preview.isOpen() ? found.preview : undefined
  }

  #close(token: string): void {
    const closed = this.#open.get(token)
    this.#open.delete(token)
    closed?.held[Symbol.dispose]()
    for (const each of closed?.preview.underWay ?? []) each.destroy()
  }
}

const isSame = (one: Door, other: Door) => one.url === other.url && one.host === other.host && one.port === other.port

/** An address of the network that is not the host's own end of it. */
function isInside({ subnet, gatewayAddress }: MachineNetwork, address: string): boolean {
  if (isIP(address) !== 4 || address === gatewayAddress) return false
  const [network = '', bits] = subnet.split('/')
  const inside = new BlockList()
  inside.addSubnet(network, Number(bits))
  return inside.check(address)
}

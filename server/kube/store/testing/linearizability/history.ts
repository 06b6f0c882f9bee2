// What clients asked of a store and what they heard, with the order of asking and hearing: all that a judge may know.

import { setImmediate as turn } from 'node:timers/promises'
import { type Store, StoreUnavailableError } from '../../store.ts'

export type Asked =
  | { type: 'get' }
  | { type: 'put'; value: string }
  | { type: 'delete' }
  /** Puts, if the key was last changed at that revision (0: is not there). */
  | { type: 'swap'; ifModified: number; value: string }

export interface Heard {
  revision: number
  /** Of a swap: whether it was done. Of a delete: whether there was something. */
  done?: boolean
  /** What was there: of a get, and of a swap that was not done. */
  found?: { value: string; modified: number } | undefined
}

export interface Operation {
  client: number
  key: string
  asked: Asked
  /** Places in the one order of all askings and hearings. */
  from: number
  to: number
  /** Absent: the line broke; it may have been done, at any time since, or not. */
  heard?: Heard
}

export class History {
  readonly operations: Operation[] = []
  #clock = 0

  get length(): number {
    return this.operations.length
  }

  /** Resolves with false when the line broke. Whatever else goes wrong is an error of the store. */
  async run(store: Store, client: number, key: string, asked: Asked): Promise<boolean> {
    const operation: Operation = { client, key, asked, from: this.#clock++, to: Number.POSITIVE_INFINITY }
    this.operations.push(operation)
    try {
      operation.heard = await ask(store, key, asked)
    } catch (error) {
      if (!(error instanceof StoreUnavailableError)) throw error
      return false
    } finally {
      if (operation.heard) operation.to = this.#clock++
    }
    return true
  }
}

async function ask(store: Store, key: string, asked: Asked): Promise<Heard> {
  if (asked.type === 'get') {
    const { kvs, revision } = await store.range({ key })
    const [kv] = kvs
    return { revision, found: kv && { value: String(kv.value), modified: kv.modRevision } }
  }
  if (asked.type === 'put') {
    const success = [{ type: 'put', key, value: Buffer.from(asked.value) } as const]
    return { revision: (await store.txn({ compare: [], success, failure: [] })).revision }
  }
  if (asked.type === 'delete') {
    const { revision, responses } = await store.txn({ compare: [], success: [{ type: 'delete', key }], failure: [] })
    return { revision, done: responses[0]?.type === 'delete' && responses[0].deleted > 0 }
  }
  const { succeeded, revision, responses } = await store.txn({
    compare: [{ key, target: 'mod', result: '=', value: asked.ifModified }],
    success: [{ type: 'put', key, value: Buffer.from(asked.value) }],
    failure: [{ type: 'range', key }],
  })
  const kv = responses[0]?.type === 'range' ? responses[0].kvs[0] : undefined
  return { revision, done: succeeded, found: kv && { value: String(kv.value), modified: kv.modRevision } }
}

export interface WorkerOptions {
  history: History
  store: Store
  client: number
  keys: string[]
  random: () => number
  /** Asked after each operation. */
  goesOn: () => boolean
  /** Resolves when the store answers again; asked when the line broke. */
  whenBack?: () => Promise<unknown>
}

/** One client that asks one thing after the other. Every value is written once in all, so that it says who wrote it. */
export async function work({ history, store, client, keys, random, goesOn, whenBack }: WorkerOptions): Promise<void> {
  const seen = new Map<string, number>()
  for (let i = 0; goesOn(); i++) {
    const key = keys[Math.floor(random() * keys.length)] as string
    const value = `${client}.${i}`
    const dice = random()
    const asked: Asked =
      dice < 0.4
        ? { type: 'get' }
        : dice < 0.65
          ? { type: 'put', value }
          : dice < 0.9
            ? { type: 'swap', ifModified: seen.get(key) ?? 0, value }
            : { type: 'delete' }
    if (!(await history.run(store, client, key, asked))) await whenBack?.()
    const heard = history.operations.findLast((each) => each.client === client)?.heard
    if (heard && (asked.type === 'get' || heard.found)) seen.set(key, heard.found?.modified ?? 0)
    else if (heard?.done !== false) seen.set(key, heard?.revision ?? 0)
    await turn()
  }
}

// Every object of one cluster for the lenses, and what a selector reaches among them.

import { type KubeObject, parseSelector, StatusError } from '../kube/apimachinery/index.ts'
import { isReadWhole, seenKinds } from './seen-kinds.ts'
import { type SeenObject, seeObjects, uidsOf } from './seen-object.ts'
import { type FeedOptions, WatchedObjects } from './watched-objects.ts'

/** What is new since the last push. */
export interface ObjectsPush {
  /** It holds everything: the first after (re)connecting. */
  whole: boolean
  objects: SeenObject[]
  /** Uids of what has gone. */
  gone: string[]
}

export interface SelectedPush {
  uids: string[]
  /** What is wrong with the selector, in the API server's words. */
  problem: string
}

export class ObjectFeed implements Disposable {
  readonly #watched: WatchedObjects

  constructor(options: FeedOptions) {
    this.#watched = new WatchedObjects({ ...options, kinds: seenKinds, isReadWhole })
  }

  async *watch(signal: AbortSignal): AsyncGenerator<ObjectsPush> {
    const sent = new Map<string, string>()
    let whole = true
    yield* this.#watched.whenever(signal, (all) => {
      const now = new Map(seeObjects(all).map((object) => [object.uid, object]))
      const gone = [...sent.keys()].filter((uid) => !now.has(uid))
      for (const uid of gone) sent.delete(uid)
      const objects = [...now.values()].filter((object) => {
        const text = JSON.stringify(object)
        const isNews = sent.get(object.uid) !== text
        sent.set(object.uid, text)
        return isNews
      })
      if (!whole && objects.length === 0 && gone.length === 0) return undefined
      const push = { whole, objects, gone }
      whole = false
      return push
    })
  }

  /** What a selector, typed by somebody, reaches among the objects of a namespace. */
  async *watchSelected(
    { selector: text, namespace }: { selector: string; namespace: string },
    signal: AbortSignal,
  ): AsyncGenerator<SelectedPush> {
    let sent: string | undefined
    yield* this.#watched.whenever(signal, (all): SelectedPush | undefined => {
      const inside = all.map(({ object }) => object).filter(({ metadata }) => metadata?.namespace === namespace)
      const push = select(inside, text)
      const told = JSON.stringify(push)
      if (told === sent) return undefined
      sent = told
      return push
    })
  }

  [Symbol.dispose](): void {
    this.#watched[Symbol.dispose]()
  }
}

function select(objects: readonly KubeObject[], text: string): SelectedPush {
  try {
    return { uids: text.trim() === '' ? [] : uidsOf(objects, parseSelector(text)), problem: '' }
  } catch (err) {
    if (!(err instanceof StatusError)) throw err
    return { uids: [], problem: err.message }
  }
}

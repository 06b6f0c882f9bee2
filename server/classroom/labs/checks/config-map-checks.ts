// Checks about ConfigMaps: objects that no loop touches, so that one can see a write and nothing else.

import { type Check, failed, listed, ok, waiting } from '../check.ts'
import { elsewhere, LAB_NAMESPACE, named } from '../cluster-view.ts'

export function configMapSays(name: string, data: Record<string, string>): Check {
  const texts = Object.entries(data).map(([key, value]) => `${key}=${value}`)
  return {
    id: `${name}-says`,
    aim: `ConfigMap \`${name}\` says ${listed(texts)}`,
    judge(cluster) {
      const wanted = `ConfigMap ${name} with ${texts.join(', ')}`
      const map = named(cluster.configMaps, name)
      if (!map) {
        const saw = 'no such ConfigMap'
        const others = elsewhere(cluster.configMaps, name)
        if (others.length > 0) {
          return failed(
            `ConfigMap \`${name}\` is in namespace \`${others[0]}\`; this lab plays in \`${LAB_NAMESPACE}\`. Make it again without \`-n\`.`,
            { saw: `ConfigMap ${name} in ${others[0]}`, wanted },
          )
        }
        return waiting(`There is no ConfigMap \`${name}\`.`, { saw, wanted })
      }
      const has = map.data ?? {}
      const saw = `ConfigMap ${name} with ${
        Object.entries(has)
          .map(([key, value]) => `${key}=${value}`)
          .join(', ') || 'nothing'
      }`
      const missing = Object.entries(data).filter(([key, value]) => has[key] !== value)
      if (missing.length === 0) return ok({ saw, wanted })
      const [key, value] = missing[0] as [string, string]
      const credit = 1 - missing.length / texts.length
      if (has[key] === undefined) {
        const near = Object.keys(has)
        const only = near.length > 0 ? `, only ${listed(near)}` : ''
        return waiting(`ConfigMap \`${name}\` has no key \`${key}\`${only}.`, { saw, wanted, credit })
      }
      const message = `ConfigMap \`${name}\` says \`${key}=${has[key]}\`; this step wants \`${key}=${value}\`.`
      if (map.immutable) {
        return failed(`${message} It is immutable: what it says stays for as long as it exists.`, {
          saw,
          wanted,
          credit,
        })
      }
      return waiting(message, { saw, wanted, credit })
    },
  }
}

/** Deleted and made anew in this step: another object under the old name. */
export function configMapMadeAgain(name: string): Check {
  const id = `${name}-made-again`
  return {
    id,
    aim: `ConfigMap \`${name}\` was deleted, and the one that is there has another uid`,
    remembers: rememberFirstRevision(name),
    judge(cluster) {
      const wanted = `two objects called ${name}, one after the other`
      const known = Object.keys(cluster.before.seen?.[id] ?? {}).length
      const saw = `${known} so far`
      if (!named(cluster.configMaps, name)) {
        return waiting(`There is no ConfigMap \`${name}\` at the moment.`, { saw, wanted, credit: known > 0 ? 0.5 : 0 })
      }
      if (known > 1) return ok({ saw, wanted })
      return waiting(`This \`${name}\` is still the first one of that name. Delete it, and make it again.`, {
        saw,
        wanted,
      })
    },
  }
}

/** Everything in it came with the request that made it. */
export function configMapWrittenOnce(name: string): Check {
  const id = `${name}-written-once`
  return {
    id,
    aim: `ConfigMap \`${name}\` was made in one request, and not written since`,
    remembers: rememberFirstRevision(name),
    judge(cluster) {
      const wanted = 'one write'
      const map = named(cluster.configMaps, name)
      if (!map) return waiting(`There is no ConfigMap \`${name}\` yet.`, { saw: 'no such ConfigMap', wanted })
      const { uid = '', resourceVersion } = map.metadata ?? {}
      const first = cluster.before.seen?.[id]?.[uid]
      const saw = `revision ${resourceVersion}`
      if (first === undefined || String(first) === resourceVersion) return ok({ saw, wanted })
      return failed(
        `\`${name}\` was made at revision \`${first}\`, and written again at \`${resourceVersion}\`. Delete it, and make it with everything at once.`,
        { saw, wanted },
      )
    },
  }
}

/** By uid: an object that was deleted and made again is another one. */
const rememberFirstRevision =
  (name: string): NonNullable<Check['remembers']> =>
  (cluster, memory) => {
    const { uid, resourceVersion } = named(cluster.configMaps, name)?.metadata ?? {}
    return uid === undefined || memory?.[uid] !== undefined ? memory : { ...memory, [uid]: Number(resourceVersion) }
  }

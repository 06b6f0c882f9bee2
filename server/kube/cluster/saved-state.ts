// What is in a cluster, kept in a file beside its store, and put back into the same cluster later. Its machines run on:
// everybody who watches is told to list again, and the kubelets start and stop what is different.

import { createReadStream, createWriteStream, existsSync } from 'node:fs'
import { access, mkdir, rename, rm } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { pipeline } from 'node:stream/promises'
import { renameDurably } from '../../base/durable-files.ts'
import { restoreStore, type Store } from '../store/store.ts'

const NAME = /^[a-z0-9-]{1,40}$/

function fileOf(directory: string, name: string): string {
  if (!NAME.test(name)) throw new Error(`"${name}" is no name for a saved state: lower case letters, digits and dashes`)
  return join(directory, 'saved', name)
}

/** Takes the place of what was saved under that name before. */
export async function saveState({ store, directory, name }: { store: Store; directory: string; name: string }) {
  const file = fileOf(directory, name)
  await mkdir(dirname(file), { recursive: true, mode: 0o700 })
  await pipeline(store.snapshot(), createWriteStream(`${file}.partial`, { mode: 0o600 }))
  await rename(`${file}.partial`, file)
}

/** Says so while the cluster still runs. */
export async function expectState({ directory, name }: { directory: string; name: string }): Promise<void> {
  await access(fileOf(directory, name)).catch(() => {
    throw new Error(`nothing was kept as "${name}"`)
  })
}

const placesIn = (directory: string) => ({
  store: join(directory, 'store'),
  fresh: join(directory, 'store.fresh'),
  former: join(directory, 'store.former'),
})

/** For a cluster that does not run. `revision`: its newest one, which no revision to come may repeat. */
export async function putBackState(options: { directory: string; name: string; revision: number }): Promise<void> {
  const { directory, name, revision } = options
  const { store, fresh, former } = placesIn(directory)
  await rm(fresh, { recursive: true, force: true })
  await restoreStore({
    directory: fresh,
    snapshot: createReadStream(fileOf(directory, name)),
    bumpRevision: revision,
  })
  await rm(former, { recursive: true, force: true })
  await renameDurably(store, former)
  await renameDurably(fresh, store)
  await rm(former, { recursive: true })
}

/**
 * Where its store is, of a cluster that starts. What was cut short between its two names above has not happened. A store
 * that is gone is not made anew: whoever has run before would come back with nothing in it, and say that it is ready.
 */
export async function settleStore({ directory, hasRun }: { directory: string; hasRun: boolean }): Promise<string> {
  const { store, former } = placesIn(directory)
  if (existsSync(store)) return store
  if (existsSync(former)) await renameDurably(former, store)
  else if (hasRun) {
    throw new Error(
      `${store} is gone, and with it all that was in the cluster; \`podium restore\` brings a backup back`,
    )
  }
  return store
}

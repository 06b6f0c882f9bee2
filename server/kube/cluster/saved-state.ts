// What is in a cluster, kept in a file beside its store, and put back into the same cluster later. Its machines run on:
// everybody who watches is told to list again, and the kubelets start and stop what is different.

import { createReadStream, createWriteStream } from 'node:fs'
import { access, mkdir, rename, rm } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { pipeline } from 'node:stream/promises'
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

/** For a cluster that does not run. `revision`: its newest one, which no revision to come may repeat. */
export async function putBackState(options: { directory: string; name: string; revision: number }): Promise<void> {
  const { directory, name, revision } = options
  const [store, fresh, former] = ['store', 'store.fresh', 'store.former'].map((each) => join(directory, each)) as [
    string,
    string,
    string,
  ]
  await rm(fresh, { recursive: true, force: true })
  await restoreStore({
    directory: fresh,
    snapshot: createReadStream(fileOf(directory, name)),
    bumpRevision: revision,
  })
  await rm(former, { recursive: true, force: true })
  await rename(store, former)
  await rename(fresh, store)
  await rm(former, { recursive: true })
}

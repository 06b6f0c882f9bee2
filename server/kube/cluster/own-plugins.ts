// Loads plug-ins for the scheduler that somebody has written: `kube-scheduler --plugin ./gang.mjs`.

import { resolve } from 'node:path'
import { pathToFileURL } from 'node:url'
import type { MakePlugin } from '../scheduler/index.ts'

/** File names with commas between them. */
export function loadOwnPlugins(files: string): Promise<MakePlugin[]> {
  return Promise.all(files.split(',').map(loadOwnPlugin))
}

async function loadOwnPlugin(file: string): Promise<MakePlugin> {
  const module = await import(pathToFileURL(resolve(file)).href).catch((err: Error) => {
    throw new Error(`--plugin: ${file} cannot be loaded: ${err.message}`, { cause: err })
  })
  if (typeof module.default === 'function') return module.default as MakePlugin
  throw new Error(`--plugin: ${file} must export as its default a function that returns the plug-in`)
}

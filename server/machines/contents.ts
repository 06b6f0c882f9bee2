// What a registry or a disk was filled with, kept in a file: which image each name is. Whoever fills another begins with a copy
// of what has most of it already, so that one more image takes seconds. Nothing is ever taken out of a copy, and no name in it
// led to another image: registries share their files by hard links.
import { readFile } from 'node:fs/promises'
import { basename, dirname } from 'node:path'
import { writeDurably } from '../base/durable-files.ts'
import type { PresentImage } from './build-images.ts'

export type Contents = Readonly<Record<string, string>>

export const contentsOf = (images: readonly PresentImage[]): Contents =>
  Object.fromEntries(images.flatMap(({ recipe, reference }) => (recipe.names ?? []).map((name) => [name, reference])))

/** Again at each start: what it is about is known by its name, and older ones have no such file. */
export async function writeContents(file: string, contents: Contents): Promise<void> {
  // Another file in place of the one that was copied.
  await writeDurably(dirname(file), [{ name: basename(file), content: JSON.stringify(contents), mode: 0o644 }])
}

/** Of those files that are there, the one whose contents make up the most of what is wanted. */
export async function nearestContents(
  files: readonly string[],
  wanted: Contents,
): Promise<{ file: string; contents: Contents } | undefined> {
  const found = await Promise.all(
    files.map(async (file) => {
      try {
        return [{ file, contents: JSON.parse(await readFile(file, 'utf8')) as Contents }]
      } catch {
        return [] // without it the other takes longer to fill
      }
    }),
  )
  const size = (contents: Contents) => Object.keys(contents).length
  return found
    .flat()
    .filter(({ contents }) => Object.entries(contents).every(([name, reference]) => wanted[name] === reference))
    .sort((a, b) => size(b.contents) - size(a.contents))[0]
}

/** Those that are not there yet. */
export const missingOf = (images: readonly PresentImage[], there: Contents): [name: string, reference: string][] =>
  Object.entries(contentsOf(images)).filter(([name]) => there[name] === undefined)

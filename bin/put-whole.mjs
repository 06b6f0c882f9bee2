// What the programs share that fetch programs.
import { existsSync } from 'node:fs'
import { chmod, copyFile, mkdir, mkdtemp, rename, rm } from 'node:fs/promises'
import { basename, dirname, join, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'

export const ROOT = dirname(dirname(fileURLToPath(import.meta.url)))

/**
 * Puts a file or a directory at `target`, all or nothing, and returns where. `make` gets an empty directory and says what
 * in it is meant. Does nothing when it is there already.
 */
export async function putWhole(target, make) {
  if (existsSync(target)) return target
  const into = dirname(target)
  await mkdir(into, { recursive: true })
  // Inside the target's directory, so that the last step is a rename within one file system.
  const scratch = await mkdtemp(join(into, `.${basename(target)}-`))
  try {
    await rename(await make(scratch), target)
  } finally {
    await rm(scratch, { recursive: true, force: true })
  }
  return target
}

/** A copy that can be run. Returns where it is. */
export async function copyProgram(from, to) {
  await copyFile(from, to)
  await chmod(to, 0o755)
  return to
}

/** When this module is the program that was started: fetches, says where each thing is, or why it is not. */
export async function runAsProgram(moduleUrl, fetchAll) {
  if (!process.argv[1] || resolve(process.argv[1]) !== fileURLToPath(moduleUrl)) return
  try {
    for await (const path of fetchAll(process.argv.slice(2))) console.log(path)
  } catch (err) {
    console.error(err instanceof Error ? err.message : err)
    process.exitCode = 1
  }
}

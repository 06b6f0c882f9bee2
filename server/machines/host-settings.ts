// Kernel settings of the host that machines need. They are host-wide, so: only ever raised, said aloud, and what was there
// before is written down and put back when Podium is removed.
import { existsSync } from 'node:fs'
import { readFile, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { writeDurably } from '../base/durable-files.ts'
import { tryCommand } from './run-command.ts'

const WANTED: Readonly<Record<string, number>> = {
  'net/ipv4/ip_forward': 1,
  // Each inner container takes a keyring of its machine's root, and 200 per uid is the kernel's default.
  'kernel/keys/maxkeys': 20_000,
  'kernel/keys/maxbytes': 2_000_000,
  'fs/inotify/max_user_instances': 8192,
  'fs/inotify/max_user_watches': 1_048_576,
}

const RECORD = 'host-settings.json'
const recordOf = (stateDir: string) => join(stateDir, RECORD)

export async function raiseHostSettings(
  stateDir: string,
  log: (line: string) => void,
  root = '/proc/sys',
): Promise<void> {
  await tryCommand('modprobe', ['br_netfilter']) // built in, or already there, on many kernels
  const before = await readRecord(stateDir)
  for (const [path, value] of Object.entries(WANTED)) {
    const current = await readSetting(root, path)
    if (current === undefined || current >= value) continue
    // The value from before Podium is the oldest one noted; a later run must not overwrite it.
    before[path] ??= current
    const content = `${JSON.stringify(before, null, 2)}\n`
    await writeDurably(stateDir, [{ name: RECORD, content, mode: 0o644 }])
    await writeFile(join(root, path), String(value))
    log(`sysctl ${path.replaceAll('/', '.')}: ${current} raised to ${value}`)
  }
}

/** Puts back what was raised, except where somebody has set yet another value since. */
export async function restoreHostSettings(
  stateDir: string,
  log: (line: string) => void,
  root = '/proc/sys',
): Promise<void> {
  for (const [path, value] of Object.entries(await readRecord(stateDir))) {
    if ((await readSetting(root, path)) !== WANTED[path]) continue
    await writeFile(join(root, path), String(value))
    log(`sysctl ${path.replaceAll('/', '.')}: put back to ${value}`)
  }
  await rm(recordOf(stateDir), { force: true })
}

async function readRecord(stateDir: string): Promise<Record<string, number>> {
  if (!existsSync(recordOf(stateDir))) return {}
  return JSON.parse(await readFile(recordOf(stateDir), 'utf8')) as Record<string, number>
}

async function readSetting(root: string, path: string): Promise<number | undefined> {
  const text = await readFile(join(root, path), 'utf8').catch(() => '')
  return text.trim() === '' ? undefined : Number(text)
}

// Containers' output as a CRI runtime writes it down: for each line `TIME stdout F text`, with P in place of F where the
// line goes on in the next. The runtime only writes; files that grow too long are the kubelet's to put aside.
// Upstream: k8s.io/cri-client/pkg/logs; pkg/kubelet/logs/container_log_manager.go.

import { type FileHandle, open, readdir, rename, rm, stat } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'
import type { Clock } from '../../../base/clock.ts'

export interface LogOptions {
  follow: boolean
  timestamps: boolean
  tailLines?: number
  sinceTime?: number
  signal: AbortSignal
}

const CHUNK = 64 * 1024
const LOOK_MS = 100
const NEWLINE = 10

/** Of both outputs. `isOver`: nothing more will be written. */
export async function* readLogs(
  path: string,
  { timestamps, sinceTime = 0, ...options }: LogOptions,
  { isOver, clock }: { isOver(): Promise<boolean>; clock: Clock },
): AsyncGenerator<Buffer> {
  let isWithin = false
  for await (const line of linesOf(path, options, { isOver, clock })) {
    const entry = entryIn(line)
    if (!entry || Date.parse(entry.time) < sinceTime) continue
    const head = timestamps && !isWithin ? `${entry.time} ` : ''
    yield Buffer.concat([Buffer.from(head), entry.content, Buffer.from(entry.isWhole ? '\n' : '')])
    isWithin = !entry.isWhole
  }
}

/** Undefined of what the runtime was just about to write when it was killed. */
function entryIn(line: Buffer): { time: string; content: Buffer; isWhole: boolean } | undefined {
  const afterTime = line.indexOf(' ')
  const afterStream = line.indexOf(' ', afterTime + 1)
  const afterTag = line.indexOf(' ', afterStream + 1)
  if (afterTime < 0 || afterStream < 0 || afterTag < 0) return undefined
  const tags = line.toString('latin1', afterStream + 1, afterTag).split(':')
  return { time: line.toString('latin1', 0, afterTime), content: line.subarray(afterTag + 1), isWhole: tags[0] === 'F' }
}

async function* linesOf(
  path: string,
  { follow, tailLines, signal }: Pick<LogOptions, 'follow' | 'tailLines' | 'signal'>,
  { isOver, clock }: { isOver(): Promise<boolean>; clock: Clock },
): AsyncGenerator<Buffer> {
  let file = await open(path)
  try {
    let at = tailLines === undefined ? 0 : await startOfLast(file, tailLines)
    let rest: Buffer = Buffer.alloc(0)
    let wasOver = false
    const chunk = Buffer.alloc(CHUNK)
    while (!signal.aborted) {
      const { bytesRead } = await file.read(chunk, 0, CHUNK, at)
      at += bytesRead
      rest = Buffer.concat([rest, chunk.subarray(0, bytesRead)])
      for (let end = rest.indexOf(NEWLINE); end >= 0; end = rest.indexOf(NEWLINE)) {
        yield rest.subarray(0, end)
        rest = rest.subarray(end + 1)
      }
      if (bytesRead > 0) continue
      if (!follow || wasOver) return
      const next = await stat(path).catch(() => undefined)
      if (next && next.ino !== (await file.stat()).ino) {
        await file.close()
        file = await open(path)
        at = 0
        continue
      }
      // Looked at before the last reading: what was written until then is not missed.
      wasOver = await isOver()
      if (!wasOver) await clock.sleep(LOOK_MS, signal).catch(() => undefined)
    }
  } finally {
    await file.close()
  }
}

async function startOfLast(file: FileHandle, count: number): Promise<number> {
  const { size } = await file.stat()
  const chunk = Buffer.alloc(CHUNK)
  // The first from behind ends the last line.
  let seen = -1
  for (let end = size; end > 0; end -= CHUNK) {
    const start = Math.max(0, end - CHUNK)
    await file.read(chunk, 0, end - start, start)
    for (let at = end - 1; at >= start; at--) {
      if (chunk[at - start] === NEWLINE && ++seen === count) return at + 1
    }
  }
  return count === 0 ? size : 0
}

/** Puts aside a file that has become too long, and forgets the oldest of those put aside. `reopen`: the runtime begins a new one. */
export async function rotateLog(
  path: string,
  { maxSizeBytes, maxFiles }: { maxSizeBytes: number; maxFiles: number },
  { reopen, now }: { reopen(): Promise<unknown>; now: number },
): Promise<void> {
  const { size } = (await stat(path).catch(() => undefined)) ?? { size: 0 }
  if (size <= maxSizeBytes) return
  const older = (await asideOf(path)).sort()
  for (const name of older.slice(0, Math.max(0, older.length - (maxFiles - 2)))) await rm(name, { force: true })
  const aside = `${path}.${new Date(now).toISOString().replace(/\D/g, '').slice(0, 14)}`
  await rename(path, aside)
  try {
    await reopen()
  } catch (err) {
    await rename(aside, path)
    throw err
  }
}

export async function removeLogs(path: string): Promise<void> {
  for (const file of [path, ...(await asideOf(path))]) await rm(file, { force: true })
}

async function asideOf(path: string): Promise<string[]> {
  const names = await readdir(dirname(path)).catch(() => [])
  return names.filter((name) => name.startsWith(`${basename(path)}.`)).map((name) => join(dirname(path), name))
}

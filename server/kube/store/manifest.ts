// Which files are the store: one snapshot or none, and every segment of the log from a certain number on. It is
// replaced as a whole by renaming, so compaction happens at one instant or not at all; files it does not name are
// left over from an interrupted one and are removed.

import { join } from 'node:path'
import { crc32c } from './crc32c.ts'
import type { Disk } from './disk.ts'
import { CorruptStoreError } from './store-error.ts'

export interface Manifest {
  format: 'podium-store/1'
  /** Number of the snapshot file, 0 for none. */
  snapshot: number
  /** Number of the first segment that is still needed. */
  firstSegment: number
}

export const MANIFEST = 'MANIFEST'

export async function readManifest(disk: Disk, directory: string): Promise<Manifest> {
  const file = join(directory, MANIFEST)
  const [json = '', sum = ''] = (await disk.read(file)).toString().split('\n')
  if (sum !== checksum(json)) throw new CorruptStoreError({ file, offset: 0, problem: 'checksum does not match' })
  return JSON.parse(json) as Manifest
}

export async function writeManifest(disk: Disk, directory: string, manifest: Manifest): Promise<void> {
  const path = join(directory, MANIFEST)
  const json = JSON.stringify(manifest)
  const file = await disk.open(`${path}.tmp`)
  try {
    await file.truncate(0)
    await file.write([Buffer.from(`${json}\n${checksum(json)}\n`)], 0)
    await file.datasync()
  } finally {
    await file.close()
  }
  await disk.rename(`${path}.tmp`, path)
  await disk.syncDirectory(directory)
}

function checksum(json: string): string {
  return crc32c(Buffer.from(json)).toString(16)
}

// Where the layers of an image lie on the machine, so that the kubelet can show them as a volume. Since version 1.31 the CRI has
// runtimes mount images themselves; Debian's containerd does not yet. What its snapshotter would mount for somebody who only
// reads says the same, and is asked for by containerd's own command.

import { randomUUID } from 'node:crypto'
import type { NodeOs } from '../../node-os/node-os.ts'
import type { CriClient } from './cri-client.ts'
import { notesIn } from './cri-status.ts'
import { VERBS } from './messages.ts'

/** As containerd describes it. */
interface SnapshotMount {
  Type: string
  Source: string
  Options: string[] | null
}

/** The topmost first. */
export async function layersOf(
  image: string,
  { client, os, socketPath }: { client: CriClient; os: NodeOs; socketPath: string },
): Promise<string[]> {
  const { info } = await client.call(VERBS.imageStatus, { image: { image }, verbose: true })
  const { chainID } = notesIn(info)
  if (!chainID) throw new Error(`this machine's runtime does not tell where the layers of ${image} lie`)
  const snapshots = (...args: string[]) =>
    os.run('ctr', ['-a', socketPath, '-n', 'k8s.io', 'snapshots', ...args], { timeoutMs: 30_000 })
  const view = `podium-layers-${randomUUID()}`
  const { exitCode, stdout, stderr } = await snapshots('view', '--mounts', view, chainID)
  if (exitCode !== 0) throw new Error(`the layers of ${image} were not found: ${stderr.trim()}`)
  // Nothing was mounted, and the layers are the image's, not the view's. Nobody leases it either: when containerd collects
  // what nobody needs, as after each removal, it is gone before it is removed here.
  const removed = await snapshots('rm', view)
  if (removed.exitCode !== 0 && !removed.stderr.includes('not found'))
    throw new Error(`the view of the layers of ${image} stays: ${removed.stderr.trim()}`)
  return (JSON.parse(stdout) as SnapshotMount[]).flatMap(layersIn)
}

/** Several are an overlay, one is a directory. */
function layersIn({ Type, Source, Options }: SnapshotMount): string[] {
  if (Type !== 'overlay') return [Source]
  const below = Options?.find((option) => option.startsWith('lowerdir=')) ?? ''
  return below.slice('lowerdir='.length).split(':')
}

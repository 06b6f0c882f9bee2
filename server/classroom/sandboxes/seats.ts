// How many learners this machine holds at once, from what one was measured to take in the middle of a lab: two machines with
// six Pods, terminal, control plane (bench/classroom.bench.ts; docs/admins.md has the figures). PODIUM_SEATS overrules it.

import type { MachineKind } from './sandbox.ts'

export interface Room {
  memoryBytes: number
  diskBytes: number
  processors: number
}

const MIB = 1024 ** 2
/** The classroom itself, its pages, images and the operating system. */
const KEPT: Pick<Room, 'memoryBytes' | 'diskBytes'> = { memoryBytes: 1536 * MIB, diskBytes: 4096 * MIB }
const OF_ONE: Record<MachineKind, Room> = {
  // Of the disk as much as a home may grow to: machines share nearly all of theirs.
  real: { memoryBytes: 320 * MIB, diskBytes: 512 * MIB, processors: 1 / 6 },
  simulated: { memoryBytes: 16 * MIB, diskBytes: 64 * MIB, processors: 1 / 20 },
}

/** At least one: somebody alone may always try. */
export function seatsIn(room: Room, kind: MachineKind): number {
  const one = OF_ONE[kind]
  return Math.max(
    1,
    Math.floor(
      Math.min(
        (room.memoryBytes - KEPT.memoryBytes) / one.memoryBytes,
        (room.diskBytes - KEPT.diskBytes) / one.diskBytes,
        room.processors / one.processors,
      ),
    ),
  )
}

// Limits of a cluster and of each machine, on cgroups above the containers, where no learner's process can write: limits
// put on a container itself could be raised by root inside it; those on its parents cannot. Who owns the host's tree
// decides how: the engine's "cgroupfs" driver means whoever makes directories, "systemd" means asking systemd.
//
//   podium ─ <cluster> ─ <machine> ─ <container> ─ node ─ …        docs/decisions/0012 draws it for both versions
//            └ learner's share       └ the engine's  └ the machine's own tree, delegated

export interface Limits {
  memoryBytes: number
  processes: number
  /** Cores, fractions allowed. */
  cpus: number
}

/** A group is named by its path of plain names: [cluster], [cluster, machine]. */
export interface Cgroups {
  /** What Docker wants as the parent of a container in this group. */
  parent(path: readonly string[]): string
  /** Makes the group and its parents, or sets the limits of one that is there. */
  limit(path: readonly string[], limits: Limits): Promise<void>
  /** Removes the group and all below it; returns directories that are still busy. */
  remove(path: readonly string[]): Promise<string[]>
  /** The group's directories, one for each hierarchy, whether they are there or not; [] is the parent of all ours. */
  directories(path: readonly string[]): string[]
}

// A learner's shells, as the classroom needs them. Machines that have a container engine give real ones; where there is
// none there is no shell at all, and the reason is told instead: a shell on the host is not a classroom's to give.

export interface ShellSize {
  columns: number
  rows: number
}

/** One running shell on a terminal of its own. */
export interface Shell {
  write(data: Uint8Array): void
  resize(size: ShellSize): void
  /** Stops and resumes the output, when nobody can keep up with it. */
  pause(): void
  resume(): void
  onData(listener: (data: Uint8Array) => void): void
  /** Once, when the shell has ended. */
  onExit(listener: (code: number) => void): void
  close(): void
}

/** The container that a learner's shells run in. */
export interface Shells {
  open(size: ShellSize): Promise<Shell>
  /** Runs a script as the learner, out of sight; rejects with what it said when it fails. */
  run(script: string): Promise<void>
  /** Takes the container away; files in the learner's home are kept. */
  close(): Promise<void>
}

export class NoShells extends Error {
  override readonly name = 'NoShells'
}

/** Every attempt is answered with the reason. */
export const noShells = (reason: string): Shells => ({
  open: () => Promise.reject(new NoShells(reason)),
  run: () => Promise.reject(new NoShells(reason)),
  close: async () => undefined,
})

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
  /** The command that has the keyboard now; empty while the shell itself waits for one. */
  running(): Promise<string>
  close(): void
}

export interface ExecResult {
  exitCode: number
  stdout: string
  stderr: string
}

/** The container that a learner's shells run in, and the way into the machines of the learner's cluster. */
export interface Shells {
  /** A shell as the learner; with `machine`, one as root on that machine of theirs. */
  open(size: ShellSize, machine?: string): Promise<Shell>
  /** Runs a command as the learner, out of sight. */
  exec(command: string[], input?: string): Promise<ExecResult>
  /** Runs a script as the learner, out of sight; rejects with what it said when it fails. */
  run(script: string): Promise<void>
  /** Takes the container away; files in the learner's home are kept. */
  close(): Promise<void>
}

/** What is in the homes of a cluster's terminals, under a name. */
export interface KeptHomes {
  keepHomes(cluster: string, name: string): Promise<void>
  /** While no terminal of the cluster is open. */
  putBackHomes(cluster: string, name: string): Promise<void>
}

export class NoShells extends Error {
  override readonly name = 'NoShells'
}

/** Every attempt is answered with the reason. */
export const noShells = (reason: string): Shells => ({
  open: (_, machine) =>
    Promise.reject(
      new NoShells(
        machine === undefined ? reason : `${machine} is simulated: there is no machine behind it to open a shell on.`,
      ),
    ),
  exec: () => Promise.reject(new NoShells(reason)),
  run: () => Promise.reject(new NoShells(reason)),
  close: async () => undefined,
})

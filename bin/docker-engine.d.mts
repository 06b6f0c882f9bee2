export type DockerAvailability =
  | { available: true; version: string; startedHere: boolean }
  | { available: false; reason: string; remedy: string }

/** The version the engine on `socketPath` reports, or undefined when nobody answers there. */
export function dockerVersion(socketPath?: string, timeoutMs?: number): Promise<string | undefined>
/** Uses the engine that answers, else starts the installed one, else installs it; never throws for a host that cannot. */
export function ensureDocker(options?: {
  log?: (line: string) => void
  stateDir?: string
  socketPath?: string
  install?: boolean
}): Promise<DockerAvailability>
/** Ends the engine that `ensureDocker` started from this state directory, and no other. */
export function stopDocker(options?: { stateDir?: string }): Promise<boolean>
/** Ends it too, unless containers run on it; says which. */
export function releaseDocker(options?: {
  log?: (line: string) => void
  stateDir?: string
  socketPath?: string
}): Promise<void>

// What node components ask of the machine they run on: files, mounts, commands, connections.
// Implementations: linux-node-os.ts (this very machine) and simulated-node-os.ts (keeps nothing, answers yes).

import type { Duplex, Readable } from 'node:stream'
import type { CgroupLimits } from './cgroup-tree.ts'
import type { MachineUsage } from './cgroup-usage.ts'
import type { OwnershipOptions } from './file-ownership.ts'
import type { GrpcCall } from './grpc-call.ts'
import type { GrpcHealth, GrpcHealthRequest } from './grpc-health.ts'
import type { RemoteMount } from './remote-mount.ts'
import type { Run } from './run-program.ts'

export interface MachineInfo {
  hostname: string
  machineId: string
  bootId: string
  kernelVersion: string
  osImage: string
  /** In Go's words: `amd64`, `arm64`. */
  architecture: string
  cpus: number
  memoryBytes: number
  diskBytes: number
}

export interface FileSystem {
  capacityBytes: number
  /** For others than root. */
  availableBytes: number
  inodes: number
  inodesFree: number
}

/** A command that goes on until it is killed. */
export interface RunningCommand {
  readonly stdout: Readable
  readonly stderr: Readable
  /** How it ended: `exit code 1`, `SIGTERM`, or why it could not be run. Never rejects. */
  readonly ended: Promise<string>
  kill(): void
}

export interface FileContent {
  /** Relative to the directory it is put in; may hold slashes. */
  path: string
  content: string | Uint8Array
  mode: number
  /** Whose it is, if not the machine's root's. */
  user?: number
}

export type FileKind = 'directory' | 'file' | 'socket' | 'character device' | 'block device' | 'other'

/** Dials from where it stands. Disposing ends every connection it made. */
export interface NetworkDialer extends Disposable {
  /** Rejects with an error whose message is the system's code: `ECONNREFUSED`. */
  dial(host: string, port: number): Promise<Duplex>
}

export interface NodeOs {
  machine(): Promise<MachineInfo>
  /** Undefined where nobody counts. */
  usage(): Promise<MachineUsage | undefined>
  processes(): Promise<{ running: number; limit: number } | undefined>
  /** That a path lies on. */
  fileSystem(path: string): Promise<FileSystem | undefined>
  /** Of everything below a path, by walking there. */
  diskUsage(path: string): Promise<{ bytes: number; inodes: number }>
  /** Undefined when there is no such file. */
  readFile(path: string): Promise<string | undefined>
  /** Makes missing parents; a reader sees the old or the new content, never half. */
  writeFile(path: string, content: string | Uint8Array, options?: { mode?: number }): Promise<void>
  /** Names in a directory; empty when there is none. */
  list(path: string): Promise<string[]>
  /** Calls back when something in it changed. Of a directory that is not there nothing is ever heard. */
  watchDirectory(path: string, onChange: () => void): Disposable
  kindOf(path: string): Promise<FileKind | undefined>
  /** Idempotent; makes parents. The mode is set even against the umask. */
  makeDirectory(path: string, options?: { mode?: number }): Promise<void>
  /** Everything in it, as Kubernetes' fsGroup has it. */
  setOwnership(path: string, options: OwnershipOptions): Promise<void>
  remove(path: string): Promise<void>
  /** A symbolic link, in place of what is there; makes missing parents. */
  link(target: string, path: string): Promise<void>
  /**
   * Replaces what a directory shows in one step, by upstream's dance of links (`..data` → `..2026_…`), so that a
   * pod never sees the half of an updated ConfigMap. Writes nothing when nothing changed. With a group, it may read.
   */
  publish(directory: string, files: FileContent[], options?: { group?: number }): Promise<void>
  mountTmpfs(path: string, options: { sizeBytes?: number; mode?: number }): Promise<void>
  /** Idempotent; makes the directory. Rejects in mount-utils' words, after half a minute if nobody answers. */
  mountRemote(path: string, remote: RemoteMount): Promise<void>
  /** Shows a file or directory at a second place, made where it is missing. */
  bind(source: string, target: string): Promise<void>
  /** The same of what lies at a path inside a volume, made where it is missing; rejects where it leads out of it. */
  bindInside(root: string, path: string, target: string): Promise<void>
  /** What a file inside a volume says; rejects where it leads out of it, is no plain file or too large. Undefined where nobody keeps files. */
  readInside(root: string, path: string, mostBytes: number): Promise<string | undefined>
  /** Layers, the topmost first, as one tree that nobody can write to. */
  mountLayers(layers: string[], target: string): Promise<void>
  /** Idempotent. */
  unmount(path: string): Promise<void>
  /** Makes the group of processes where it is missing, at a path like `/kubepods/pod1`. Returns what was refused. */
  setCgroup(path: string, limits: CgroupLimits): Promise<string[]>
  removeCgroup(path: string): Promise<void>
  run: Run
  start(command: string, args: string[]): RunningCommand
  /** Rejects with the reason, in Go's words, when nobody answers in time. */
  connectTcp(host: string, port: number, timeoutMs: number): Promise<void>
  /** Resolves with the answer; rejects with a GrpcCallError. */
  grpc(call: GrpcCall): Promise<Buffer>
  /** For a namespace given as a path, `/proc/PID/ns/net`. */
  openNetns(netnsPath: string): NetworkDialer
  grpcHealth(request: GrpcHealthRequest): Promise<GrpcHealth>
  /** Follows answers that lead elsewhere on the same host. */
  httpGet(request: {
    scheme: 'HTTP' | 'HTTPS'
    host: string
    port: number
    path: string
    headers: { name: string; value: string }[]
    timeoutMs: number
    /** What comes after is left out; 10 KB when nothing is said. */
    maxBodyBytes?: number
  }): Promise<{ status: number; body: string }>
}

// One learner's place: a cluster, what the classroom sees of it, and the terminal.

import type { ClusterInfo } from '../../kube/cluster/index.ts'
import type { ClusterObserver } from '../../observe/index.ts'
import { HomeFiles } from '../files/home-files.ts'
import type { Shells } from '../terminals/shell.ts'
import { TerminalRoom } from '../terminals/terminal-room.ts'
import type { ClusterWatch } from './cluster-watch.ts'

export type MachineKind = 'real' | 'simulated'

export interface SandboxParts {
  kind: MachineKind
  info: ClusterInfo
  watch: ClusterWatch
  observer: ClusterObserver
  shells: Shells
}

export class Sandbox implements AsyncDisposable {
  readonly kind: MachineKind
  readonly info: ClusterInfo
  readonly watch: ClusterWatch
  readonly observer: ClusterObserver
  readonly terminals: TerminalRoom
  readonly files: HomeFiles

  constructor({ kind, info, watch, observer, shells }: SandboxParts) {
    this.kind = kind
    this.info = info
    this.watch = watch
    this.observer = observer
    this.terminals = new TerminalRoom(shells)
    this.files = new HomeFiles(shells)
  }

  get cluster(): string {
    return this.info.name
  }

  /** Lets go of it: sockets and informers end; the cluster and its containers stay. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.observer[Symbol.dispose]()
    this.watch[Symbol.dispose]()
    await this.terminals.close()
  }
}

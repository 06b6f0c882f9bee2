// One learner's place: a cluster, what the classroom sees of it, and the terminal.

import type { ClusterInfo } from '../../kube/cluster/index.ts'
import type { ClusterObserver, TerminalCall } from '../../observe/index.ts'
import { HomeFiles } from '../files/home-files.ts'
import { callFromTerminal } from '../terminals/call-from-terminal.ts'
import type { Shells } from '../terminals/shell.ts'
import type { TerminalRoom } from '../terminals/terminal-room.ts'
import type { ClusterWatch } from './cluster-watch.ts'

export type MachineKind = 'real' | 'simulated'

/** Where the learner types: it outlives a rest of the cluster. */
export interface Desk {
  shells: Shells
  terminals: TerminalRoom
}

export interface SandboxParts extends Desk {
  kind: MachineKind
  info: ClusterInfo
  watch: ClusterWatch
  observer: ClusterObserver
}

export class Sandbox implements AsyncDisposable {
  readonly kind: MachineKind
  readonly info: ClusterInfo
  readonly watch: ClusterWatch
  readonly observer: ClusterObserver
  readonly terminals: TerminalRoom
  readonly files: HomeFiles
  readonly callFromTerminal: TerminalCall
  readonly #shells: Shells

  constructor({ kind, info, watch, observer, shells, terminals }: SandboxParts) {
    this.kind = kind
    this.info = info
    this.watch = watch
    this.observer = observer
    this.terminals = terminals
    this.#shells = shells
    this.files = new HomeFiles(shells)
    this.callFromTerminal = (order) => callFromTerminal(shells, order)
  }

  get cluster(): string {
    return this.info.name
  }

  /** Looks at the cluster no more, which is about to rest; what is open in the terminals stays for who comes next. */
  rest(): Desk {
    this.observer[Symbol.dispose]()
    this.watch[Symbol.dispose]()
    return { shells: this.#shells, terminals: this.terminals }
  }

  /** Lets go of it: sockets and informers end; the cluster and its machines stay. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.rest()
    await this.terminals.close()
  }
}

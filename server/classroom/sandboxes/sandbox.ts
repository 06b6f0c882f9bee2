// One learner's place: a cluster, what the classroom sees of it, and the terminal.

import type { ClusterInfo } from '../../kube/cluster/index.ts'
import type { Node } from '../labs/cluster-view.ts'
import type { Shells } from '../terminals/shell.ts'
import { TerminalRoom } from '../terminals/terminal-room.ts'
import type { ClusterWatch } from './cluster-watch.ts'

export type MachineKind = 'real' | 'simulated'

export interface SandboxParts {
  kind: MachineKind
  info: ClusterInfo
  watch: ClusterWatch
  shells: Shells
}

export class Sandbox implements AsyncDisposable {
  readonly kind: MachineKind
  readonly info: ClusterInfo
  readonly watch: ClusterWatch
  readonly terminals: TerminalRoom

  constructor({ kind, info, watch, shells }: SandboxParts) {
    this.kind = kind
    this.info = info
    this.watch = watch
    this.terminals = new TerminalRoom(shells)
  }

  get cluster(): string {
    return this.info.name
  }

  /** Lets go of it: sockets and informers end; the cluster and its containers stay. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.watch[Symbol.dispose]()
    await this.terminals.close()
  }
}

export function nodeIsReady(node: Node): boolean {
  return node.status?.conditions?.some(({ type, status }) => type === 'Ready' && status === 'True') ?? false
}

/** Simulated nodes say so themselves: no container engine speaks in their status. */
export const nodeIsSimulated = (node: Node): boolean =>
  !/^(docker|containerd|cri-o):/.test(node.status?.nodeInfo?.containerRuntimeVersion ?? '')

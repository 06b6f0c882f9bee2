// What is told of the connections of a machine, to whoever listens.

import type { ConnectionEvent } from './conntrack-line.ts'

/** One line of what a listener hears. */
export type ConnectionNews =
  /** From here on everything is told, but for what `lost` says. */
  | { type: 'listening' }
  | ConnectionEvent
  | StoppedCall
  /** Connections were not told. `count` where it is known how many. */
  | { type: 'lost'; why: string; count?: number }

export type ConnectionListener = (news: ConnectionNews) => void

export interface StoppedCall {
  type: 'stopped'
  /** Milliseconds since 1970, by the clock of the machine. */
  at: number
  how: 'dropped' | 'refused'
  protocol: string
  from: string
  fromPort: number
  to: string
  toPort: number
  /** As `inet network-policy`. */
  table: string
  chain: string
  /** As its own tool prints it. */
  rule: string
}

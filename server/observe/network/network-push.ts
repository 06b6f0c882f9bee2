// What the Network lens is told.

import type { ServicePath } from './service-path.ts'

export interface NetworkPush {
  /** It holds everything: the first after (re)connecting. */
  whole: boolean
  /** Told with the whole: since when anybody listens, in milliseconds since 1970. */
  since?: number
  services?: NetworkService[]
  pods?: NetworkPod[]
  machines?: NetworkMachine[]
  /** New, or no longer as they were; oldest first. */
  connections: SeenConnection[]
  /** What was not told, since anybody looks. */
  lost?: Lost[]
}

/** What the store knows of an earlier moment. */
export type NetworkMoment = Required<Pick<NetworkPush, 'services' | 'pods' | 'machines'>>

export interface Lost {
  machine: string
  why: string
  times: number
  /** Events that were counted among them; 0 where the kernel does not say how many. */
  connections: number
}

export interface ObjectName {
  namespace: string
  name: string
}

export interface NetworkService extends ObjectName {
  type: string
  /** One of each family that it has; none for a headless one. */
  clusterIPs: string[]
  ports: { port: number; protocol: string; targetPort: string; nodePort?: number }[]
  /** As kubectl writes it. */
  selector: string
  /** One for each Pod, whatever families its addresses are of. */
  endpoints: { address: string; ready: boolean; pod?: ObjectName }[]
  path: ServicePath
}

export interface NetworkPod extends ObjectName {
  /** One of each family; none before it has any. */
  ips: string[]
  machine: string
  /** Its address is the machine's. */
  onHost: boolean
}

export interface NetworkMachine {
  name: string
  address: string
  /** Ranges of its Pods, one of each family. */
  podCidrs: string[]
  state: 'listening' | 'connecting' | 'simulated'
  /** Why it is not heard, in words. */
  why: string
}

/** An address, and whose it is where the cluster's objects say so. */
export interface Place {
  ip: string
  port: number
  pod?: ObjectName
  /** Where the Pod is; alone, the machine itself. */
  machine?: string
  service?: ObjectName
}

/** One connection, however many kernels told of it. */
export interface SeenConnection {
  id: number
  /** Milliseconds since 1970. */
  at: number
  protocol: string
  from: Place
  /** The address that was called. */
  asked: Place
  /** Who was chosen to answer: the same address where nothing was rewritten. */
  endpoint: Place
  /** The endpoint sees this address instead of the caller's. */
  masqueradedAs?: string
  /** Whose kernels told of it; where the choice was made comes first. */
  machines: string[]
  purpose: Purpose
  end?: ConnectionEnd
}

export interface StoppedBy {
  machine: string
  /** As the kernel's own tool prints it. */
  rule: string
  /** In words. */
  why: string
}

/** What it is for, where that is not a learner's own doing. */
export type Purpose = 'probe' | 'dns' | 'control' | ''

export interface ConnectionEnd {
  at: number
  how: 'closed' | 'refused' | 'unanswered' | 'dropped'
  /** The rule that stopped it, where one did. */
  by?: StoppedBy
  /** Known where the kernel counts. */
  bytesSent?: number
  bytesBack?: number
}

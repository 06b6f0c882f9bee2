// How a sandbox comes by its addresses. The runtime calls it, as CRI runtimes call CNI; network/ implements it.

import type { Bandwidth } from './bandwidth.ts'
import type { PortMapping } from './container-runtime.ts'

export interface NetworkedSandbox {
  id: string
  namespace: string
  name: string
  uid: string
  /** `/proc/PID/ns/net`; empty when the sandbox no longer runs and only leases are to be given back. */
  netnsPath: string
  portMappings: PortMapping[]
  bandwidth?: Bandwidth
}

export interface PodNetwork {
  status(): Promise<{ ready: boolean; message: string }>
  updatePodCidr(podCidr: string): Promise<void>
  setUp(sandbox: NetworkedSandbox): Promise<{ ips: string[] }>
  /** Idempotent: a sandbox that is half gone, or was never set up, is no error. */
  tearDown(sandbox: NetworkedSandbox): Promise<void>
  /** The addresses that `setUp` gave, also after a restart; empty when there are none. */
  addresses(sandboxId: string): Promise<string[]>
}

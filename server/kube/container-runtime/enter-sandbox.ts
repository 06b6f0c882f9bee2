// Port-forward's way into a pod: its loopback, first by IPv4, then by IPv6, as containerd does.
// Upstream: containerd, internal/cri/server/sandbox_portforward_linux.go.

import { connectWords } from '../../base/net-errors.ts'
import type { NodeOs } from '../node-os/node-os.ts'
import type { PortForwarder } from './container-runtime.ts'

export function enterSandbox(os: NodeOs, netnsPath: string): PortForwarder {
  const dialer = os.openNetns(netnsPath)
  const reason = (err: unknown) => connectWords((err as Error).message)
  return {
    async connect(port) {
      try {
        return await dialer.dial('127.0.0.1', port)
      } catch (v4) {
        try {
          return await dialer.dial('::1', port)
        } catch (v6) {
          throw new Error(
            `failed to execute portforward in network namespace "${netnsPath}": failed to connect to localhost:${port} ` +
              `inside namespace "${netnsPath}", IPv4: dial tcp4 127.0.0.1:${port}: ${reason(v4)} ` +
              `IPv6 dial tcp6 [::1]:${port}: ${reason(v6)}`,
          )
        }
      }
    },
    [Symbol.dispose]: () => dialer[Symbol.dispose](),
  }
}

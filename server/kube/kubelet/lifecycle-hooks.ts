// postStart and preStop. Upstream: pkg/kubelet/lifecycle/handlers.go.

import type { LifecycleHandler } from 'kubernetes-types/core/v1'
import type { Clock } from '../../base/clock.ts'
import type { ContainerRuntime } from '../container-runtime/container-runtime.ts'
import type { NodeOs } from '../node-os/node-os.ts'
import type { ContainerSpec } from './pod-runtime-state.ts'
import { portOf } from './probes/run-probe.ts'

export interface HookInput {
  handler: LifecycleHandler & { sleep?: { seconds?: number } }
  container: ContainerSpec
  containerId: string
  podIP: string
  timeoutMs: number
}

/** Rejects with what went wrong, in the words of the event. */
export async function runHook(
  { handler, container, containerId, podIP, timeoutMs }: HookInput,
  { runtime, os, clock }: { runtime: ContainerRuntime; os: NodeOs; clock: Clock },
): Promise<void> {
  if (handler.exec) {
    const command = handler.exec.command ?? []
    const { exitCode, output } = await runtime.execSync(containerId, command, timeoutMs)
    if (exitCode === 0) return
    throw new Error(`command '${command.join(' ')}' exited with ${exitCode}: ${output.slice(0, 1024)}`)
  }
  if (handler.httpGet) {
    const { scheme, host, path = '/', port, httpHeaders = [] } = handler.httpGet
    const number = portOf(port, container)
    if (number === undefined) throw new Error(`invalid port number: ${port}`)
    await os.httpGet({
      scheme: scheme === 'HTTPS' ? 'HTTPS' : 'HTTP',
      host: host || podIP,
      port: number,
      path: path.startsWith('/') ? path : `/${path}`,
      headers: httpHeaders,
      timeoutMs,
    })
    return
  }
  if (handler.sleep) return clock.sleep(Math.min(Number(handler.sleep.seconds ?? 0) * 1000, timeoutMs))
  // May be written, and was never run by any kubelet.
  const { port, host = '' } = handler.tcpSocket ?? {}
  const socket = handler.tcpSocket ? `&TCPSocketAction{Port:${port},Host:${host},}` : 'nil'
  throw new Error(`invalid handler: &LifecycleHandler{Exec:nil,HTTPGet:nil,TCPSocket:${socket},Sleep:nil,}`)
}

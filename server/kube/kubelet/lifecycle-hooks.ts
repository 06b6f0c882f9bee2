// postStart and preStop. Upstream: pkg/kubelet/lifecycle/handlers.go.

import type { LifecycleHandler, Pod } from 'kubernetes-types/core/v1'
import type { Clock } from '../../base/clock.ts'
import type { ContainerRuntime } from '../container-runtime/container-runtime.ts'
import type { NodeOs } from '../node-os/node-os.ts'
import { type ContainerSpec, formatPod } from './pod-runtime-state.ts'
import { portOf } from './probes/run-probe.ts'

export interface HookInput {
  handler: LifecycleHandler & { sleep?: { seconds?: number } }
  container: ContainerSpec
  containerId: string
  podIP: string
  timeoutMs: number
}

class HookExited extends Error {
  readonly output: string

  constructor(message: string, output: string) {
    super(message)
    this.output = output
  }
}

/** Rejects with what went wrong. */
export async function runHook(
  { handler, container, containerId, podIP, timeoutMs }: HookInput,
  { runtime, os, clock }: { runtime: ContainerRuntime; os: NodeOs; clock: Clock },
): Promise<void> {
  if (handler.exec) {
    const command = handler.exec.command ?? []
    const { exitCode, output } = await runtime.execSync(containerId, command, timeoutMs)
    if (exitCode === 0) return
    throw new HookExited(`command '${command.join(' ')}' exited with ${exitCode}: ${output.slice(0, 1024)}`, output)
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

/** What a container's status says of a hook that failed. */
export function hookFailure(handler: LifecycleHandler, pod: Pod, container: ContainerSpec, err: unknown): string {
  const message = err instanceof Error ? err.message : String(err)
  const where = `for Container "${container.name}" in Pod "${formatPod(pod)}" failed - error: ${message}`
  if (handler.exec) {
    const output = err instanceof HookExited ? err.output : ''
    return `Exec lifecycle hook ([${(handler.exec.command ?? []).join(' ')}]) ${where}, message: ${JSON.stringify(output)}`
  }
  return handler.httpGet ? `HTTP lifecycle hook (${handler.httpGet.path ?? '/'}) ${where}` : message
}

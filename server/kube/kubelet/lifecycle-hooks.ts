// postStart and preStop. Upstream: pkg/kubelet/lifecycle/handlers.go.

import type { HTTPGetAction, LifecycleHandler, Pod } from 'kubernetes-types/core/v1'
import type { Clock } from '../../base/clock.ts'
import type { ContainerRuntime } from '../container-runtime/container-runtime.ts'
import type { NodeOs } from '../node-os/node-os.ts'
import type { KubeletEvents } from './kubelet-events.ts'
import { type ContainerSpec, formatPod } from './pod-runtime-state.ts'
import { getFailure, httpRequestOf, withPort } from './probes/http-request.ts'

export interface HookInput {
  handler: LifecycleHandler & { sleep?: { seconds?: number } }
  pod: Pod
  container: ContainerSpec
  containerId: string
  podIP: string
  timeoutMs: number
}

export interface HookPorts {
  runtime: ContainerRuntime
  os: NodeOs
  clock: Clock
  events: KubeletEvents
  /** How it introduces itself to servers in containers: `kube-lifecycle/1.36`. */
  hookAgent: string
}

class HookExited extends Error {
  readonly output: string

  constructor(message: string, output: string) {
    super(message)
    this.output = output
  }
}

/** Rejects with what went wrong. */
export async function runHook(input: HookInput, ports: HookPorts): Promise<void> {
  const { handler, containerId, timeoutMs } = input
  const { runtime, clock } = ports
  if (handler.exec) {
    const command = handler.exec.command ?? []
    const { exitCode, output } = await runtime.execSync(containerId, command, timeoutMs)
    if (exitCode === 0) return
    throw new HookExited(`command '${command.join(' ')}' exited with ${exitCode}: ${output.slice(0, 1024)}`, output)
  }
  if (handler.httpGet) return get(handler.httpGet, input, ports)
  if (handler.sleep) return clock.sleep(Math.min(Number(handler.sleep.seconds ?? 0) * 1000, timeoutMs))
  // May be written, and was never run by any kubelet.
  const { port, host = '' } = handler.tcpSocket ?? {}
  const socket = handler.tcpSocket ? `&TCPSocketAction{Port:${port},Host:${host},}` : 'nil'
  throw new Error(
    `Cannot run handler: invalid handler: &LifecycleHandler{Exec:nil,HTTPGet:nil,TCPSocket:${socket},Sleep:nil,}`,
  )
}

async function get(action: HTTPGetAction, input: HookInput, { os, events, hookAgent }: HookPorts): Promise<void> {
  const { pod, timeoutMs } = input
  const request = httpRequestOf(action, input, { timeoutMs, userAgent: hookAgent })
  try {
    await os.httpGet(request)
  } catch (err) {
    const isPlain = request.scheme === 'HTTPS' && err instanceof Error && err.message.includes(PLAIN_ANSWER)
    if (!isPlain || !(await answersPlainly(request, os))) throw new Error(getFailure(request, err), { cause: err })
    const where = withPort(request.host, request.port)
    const what = `request to HTTPS lifecycle hook ${where} got HTTP response, retry with HTTP succeeded`
    events.pod(pod, 'Warning', 'LifecycleHTTPFallback', what)
  }
}

const PLAIN_ANSWER = 'server gave HTTP response to HTTPS client'

/** Asked once more, without what nobody else on the way is to read. */
const answersPlainly = (request: ReturnType<typeof httpRequestOf>, os: NodeOs): Promise<boolean> =>
  os
    .httpGet({
      ...request,
      scheme: 'HTTP',
      headers: request.headers.filter(({ name }) => name.toLowerCase() !== 'authorization'),
    })
    .then(
      () => true,
      () => false,
    )

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

// One question to one container, answered now. Upstream: pkg/probe, pkg/kubelet/prober/prober.go.

import type { Probe, TCPSocketAction } from 'kubernetes-types/core/v1'
import { goDuration } from '../../apimachinery/go-duration.ts'
import type { ContainerRuntime } from '../../container-runtime/container-runtime.ts'
import type { NodeOs } from '../../node-os/node-os.ts'
import { expand } from '../expansion.ts'
import type { ContainerSpec } from '../pod-runtime-state.ts'
import { getFailure, httpRequestOf, portOf, withPort } from './http-request.ts'

export type ProbeAnswer =
  | { outcome: 'success'; warning?: string }
  | { outcome: 'failure'; output: string }
  /** The probe itself could not be asked. */
  | { outcome: 'error'; output: string }

export interface ProbeTarget {
  container: ContainerSpec
  containerId: string
  podIP: string
}

/** What could not be asked is asked again at once. */
const MOST_TRIES = 3

export async function runProbe(probe: Probe, target: ProbeTarget, outside: Outside): Promise<ProbeAnswer> {
  for (let tries = 1; ; tries++) {
    const answer = await ask(probe, target, outside).catch(
      (err: unknown): ProbeAnswer => ({ outcome: 'error', output: messageOf(err) }),
    )
    if (answer.outcome !== 'error' || tries === MOST_TRIES) return answer
  }
}

interface Outside {
  os: NodeOs
  runtime: ContainerRuntime
  userAgent: string
}

async function ask(probe: Probe, target: ProbeTarget, { os, runtime, userAgent }: Outside): Promise<ProbeAnswer> {
  const timeoutMs = (probe.timeoutSeconds ?? 1) * 1000
  if (probe.exec) {
    // Only what the container's own spec says is known here, and what comes from elsewhere is empty.
    const values = new Map((target.container.env ?? []).map(({ name, value = '' }) => [name, value]))
    const command = (probe.exec.command ?? []).map((word) => expand(word, values))
    return runExec(runtime, target.containerId, command, timeoutMs)
  }
  if (probe.httpGet) return runHttp(os, httpRequestOf(probe.httpGet, target, { timeoutMs, userAgent }))
  if (probe.tcpSocket) return runTcp(os, probe.tcpSocket, target, timeoutMs)
  if (probe.grpc) return runGrpc(os, probe.grpc, target.podIP, { timeoutMs, userAgent })
  throw new Error('missing probe handler for the container')
}

async function runExec(
  runtime: ContainerRuntime,
  id: string,
  command: string[],
  timeoutMs: number,
): Promise<ProbeAnswer> {
  try {
    const { exitCode, output } = await runtime.execSync(id, command, timeoutMs)
    return exitCode === 0 ? { outcome: 'success' } : { outcome: 'failure', output: output.slice(0, 10_240) }
  } catch (err) {
    const text = messageOf(err)
    if (!/timed out/.test(text)) return { outcome: 'error', output: text }
    const what = JSON.stringify(command.join(' '))
    return { outcome: 'failure', output: `command timed out: ${what} timed out after ${goDuration(timeoutMs)}` }
  }
}

async function runHttp(os: NodeOs, request: ReturnType<typeof httpRequestOf>): Promise<ProbeAnswer> {
  try {
    const { status, body } = await os.httpGet(request)
    if (status >= 200 && status < 300) return { outcome: 'success' }
    if (status >= 300 && status < 400) {
      return { outcome: 'success', warning: `Probe terminated redirects, Response body: ${body}` }
    }
    return { outcome: 'failure', output: `HTTP probe failed with statuscode: ${status}` }
  } catch (err) {
    return { outcome: 'failure', output: getFailure(request, err) }
  }
}

async function runTcp(
  os: NodeOs,
  { host, port }: TCPSocketAction,
  target: ProbeTarget,
  timeoutMs: number,
): Promise<ProbeAnswer> {
  const number = portOf(port, target.container)
  try {
    await os.connectTcp(host || target.podIP, number, timeoutMs)
    return { outcome: 'success' }
  } catch (err) {
    return { outcome: 'failure', output: messageOf(err) }
  }
}

/** Whatever goes wrong is a failure, as with the program that this replaced (grpc_health_probe). */
async function runGrpc(
  os: NodeOs,
  { port, service = '' }: NonNullable<Probe['grpc']>,
  host: string,
  { timeoutMs, userAgent }: { timeoutMs: number; userAgent: string },
): Promise<ProbeAnswer> {
  const failed = (output: string): ProbeAnswer => ({ outcome: 'failure', output })
  const within = goDuration(timeoutMs)
  const health = await os.grpcHealth({ host, port, service, timeoutMs, userAgent })
  if ('status' in health) {
    return health.status === 'SERVING'
      ? { outcome: 'success' }
      : failed(`service unhealthy (responded with "${health.status}")`)
  }
  switch (health.error) {
    case 'unconnected':
      return failed(
        `timeout: failed to connect service "${withPort(host, port)}" within ${within}: context deadline exceeded`,
      )
    case 'late':
      return failed(`timeout: health rpc did not complete within ${within}`)
    case 'refused': {
      const { code, message } = health
      const why = 'error: this server does not implement the grpc health protocol (grpc.health.v1.Health)'
      if (code === 'Unimplemented') return failed(`${why}: ${message}`)
      return failed(`error: health rpc probe failed: rpc error: code = ${code} desc = ${message}`)
    }
  }
}

const messageOf = (err: unknown) => (err instanceof Error ? err.message : String(err))

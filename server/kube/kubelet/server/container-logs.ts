// /containerLogs/{namespace}/{pod}/{container}: what the engine kept of a container's output.
// Upstream: pkg/kubelet/server/server.go, getContainerLogs; kubelet_pods.go, GetKubeletContainerLogs.

import type { ServerResponse } from 'node:http'
import { pipeline } from 'node:stream/promises'
import type { Clock } from '../../../base/clock.ts'
import { badRequest } from '../../apimachinery/status-error.ts'
import type { Kubelet } from '../kubelet.ts'
import { findContainer, idOf } from './find-container.ts'

export async function serveContainerLogs(request: {
  kubelet: Kubelet
  clock: Clock
  url: URL
  target: string[]
  response: ServerResponse
}): Promise<void> {
  const { kubelet, clock, url, target, response } = request
  const [namespace = '', podName = '', container = ''] = target
  const query = url.searchParams
  const { status } = findContainer(kubelet, namespace, podName, container)
  const id = query.get('previous') === 'true' ? previousOf(status, podName) : currentOf(status, podName)

  const tailLines = numberOf(query, 'tailLines')
  const sinceSeconds = numberOf(query, 'sinceSeconds')
  const sinceText = query.get('sinceTime')
  const sinceTime =
    sinceSeconds !== undefined ? clock.now() - sinceSeconds * 1000 : sinceText ? Date.parse(sinceText) : undefined
  const limitBytes = numberOf(query, 'limitBytes')
  const stop = new AbortController()
  response.once('close', () => stop.abort())
  const output = await kubelet.runtime.logs(id, {
    follow: query.get('follow') === 'true',
    timestamps: query.get('timestamps') === 'true',
    ...(tailLines === undefined ? {} : { tailLines }),
    ...(sinceTime === undefined ? {} : { sinceTime }),
    signal: stop.signal,
  })
  response.writeHead(200, { 'content-type': 'text/plain' })
  // Whoever follows wants to see that the line is open, also while the container says nothing.
  response.flushHeaders()
  await pipeline(output, (source: AsyncIterable<Buffer>) => limited(source, limitBytes), response).catch(
    () => undefined,
  )
  stop.abort()
}

async function* limited(source: AsyncIterable<Buffer>, limitBytes = Number.POSITIVE_INFINITY): AsyncGenerator<Buffer> {
  let left = limitBytes
  for await (const chunk of source) {
    yield chunk.subarray(0, left)
    left -= chunk.length
    if (left <= 0) return
  }
}

const WHY_WAITING: Readonly<Record<string, string>> = {
  ErrImagePull: "image can't be pulled",
  ImagePullBackOff: 'trying and failing to pull image',
}

type Status = ReturnType<typeof findContainer>['status']

function currentOf(status: Status, podName: string): string {
  // A container that waits to be started again still has the output of its last life.
  const id = idOf(
    status.containerID ?? status.state?.terminated?.containerID ?? status.lastState?.terminated?.containerID,
  )
  if (id) return id
  const { waiting, terminated } = status.state ?? {}
  const container = `container "${status.name}" in pod "${podName}"`
  if (terminated) throw badRequest(`${container} is terminated`)
  if (!waiting) throw badRequest(`${container} is waiting to start - no logs yet`)
  const { reason = '' } = waiting
  throw badRequest(`${container} is waiting to start: ${WHY_WAITING[reason] ?? reason}`)
}

function previousOf(status: Status, podName: string): string {
  const id = idOf(status.lastState?.terminated?.containerID)
  if (id) return id
  throw badRequest(`previous terminated container "${status.name}" in pod "${podName}" not found`)
}

function numberOf(query: URLSearchParams, name: string): number | undefined {
  const text = query.get(name)
  if (text === null || text === '') return undefined
  const value = Number(text)
  if (!Number.isInteger(value) || value < 0) throw badRequest(`invalid value for "${name}": ${text}`)
  return value
}

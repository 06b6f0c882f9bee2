// One GET as probes and hooks ask it of a container. Upstream: pkg/probe/{http/request,util}.go.

import type { HTTPGetAction } from 'kubernetes-types/core/v1'
import type { NodeOs } from '../../node-os/node-os.ts'
import type { ContainerSpec } from '../pod-runtime-state.ts'

type Request = Parameters<NodeOs['httpGet']>[0]

/** Throws where it names no port. */
export function httpRequestOf(
  { scheme, host, path = '/', port, httpHeaders = [] }: HTTPGetAction,
  { container, podIP }: { container: ContainerSpec; podIP: string },
  { timeoutMs, userAgent }: { timeoutMs: number; userAgent: string },
): Request {
  const isNamed = (what: string) => httpHeaders.some(({ name }) => name.toLowerCase() === what.toLowerCase())
  const defaults = [
    { name: 'User-Agent', value: userAgent },
    { name: 'Accept', value: '*/*' },
  ]
  // Who names one of these and gives it no value wants none.
  const named = httpHeaders.filter(({ name, value }) => value || !/^(user-agent|accept)$/i.test(name))
  return {
    scheme: scheme === 'HTTPS' ? 'HTTPS' : 'HTTP',
    host: host || podIP,
    port: portOf(port, container),
    path: path.startsWith('/') ? path : `/${path}`,
    headers: [...defaults.filter(({ name }) => !isNamed(name)), ...named],
    timeoutMs,
  }
}

/** In the words of Go's client. */
export function getFailure({ scheme, host, port, path }: Request, err: unknown): string {
  const why = err instanceof Error ? err.message : String(err)
  return `Get "${scheme.toLowerCase()}://${withPort(host, port)}${path}": ${why}`
}

/** A number, or the name of one of the container's ports; throws where it is neither. */
export function portOf(port: number | string, container: ContainerSpec): number {
  const named = container.ports?.find(({ name }) => name === port)?.containerPort
  if (named === undefined && !/^[+-]?\d+$/.test(String(port))) {
    throw new Error(`strconv.Atoi: parsing "${port}": invalid syntax`)
  }
  const value = named ?? Number(port)
  if (value <= 0 || value > 65_535) throw new Error(`invalid port number: ${value}`)
  return value
}

/** As Go's net.JoinHostPort. */
export const withPort = (host: string, port: number | string): string =>
  host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`

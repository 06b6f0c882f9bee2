// What Ingresses and routes name beside themselves: Services, by the pods behind them, and Secrets with certificates.

import { createPrivateKey, X509Certificate } from 'node:crypto'
import type { Secret, Service } from 'kubernetes-types/core/v1'
import type { EndpointSlice } from 'kubernetes-types/discovery/v1'
import type { Backend, Certificate } from './site.ts'

export interface ClusterParts {
  service(key: string): Service | undefined
  slicesOf(serviceKey: string): readonly EndpointSlice[]
  secret(key: string): Secret | undefined
}

export type Problem = (problem: string) => void

/** A Service that is not there has no address, like one without a pod that is ready. */
export function backendOf(
  parts: ClusterParts,
  key: string,
  asked: { name?: string; number?: number },
  problem: Problem,
): Backend {
  const service = parts.service(key)
  const words = asked.name ?? asked.number
  const port = service?.spec?.ports?.find((one) => (asked.name ? one.name === asked.name : one.port === asked.number))
  if (!service) problem(`Service "${key}" does not exist`)
  else if (!port) problem(`Service "${key}" has no port ${words}`)
  const addresses = port ? addressesOf(parts.slicesOf(key), port.name ?? '') : []
  return { name: `${key.replace('/', '.')}.${port?.port ?? words}`, addresses, ...(port ? {} : { isInvalid: true }) }
}

function addressesOf(slices: readonly EndpointSlice[], portName: string): string[] {
  const of = (isWanted: (conditions: { ready?: boolean; serving?: boolean }) => boolean) =>
    slices.flatMap(({ addressType, endpoints = [], ports = [] }) => {
      const port = ports.find(({ name = '' }) => name === portName)?.port
      if (port === undefined) return []
      const hosts = endpoints
        .filter(({ conditions = {} }) => isWanted(conditions))
        .flatMap(({ addresses }) => addresses)
      return hosts.map((host) => (addressType === 'IPv6' ? `[${host}]:${port}` : `${host}:${port}`))
    })
  const ready = of((conditions) => conditions.ready !== false)
  // Better one that is going than none at all.
  return [...new Set(ready.length > 0 ? ready : of(({ serving }) => serving === true))].sort()
}

export function certificateOf(parts: ClusterParts, key: string, problem: Problem): Certificate | undefined {
  const secret = parts.secret(key)
  const decoded = (name: string) => Buffer.from(secret?.data?.[name] ?? '', 'base64').toString()
  const [certPem, keyPem] = [decoded('tls.crt'), decoded('tls.key')]
  if (!secret) problem(`Secret "${key}" does not exist`)
  else if (!certPem || !keyPem) problem(`Secret "${key}" has no tls.crt and tls.key`)
  else if (!isPair(certPem, keyPem)) problem(`tls.crt and tls.key of Secret "${key}" are no certificate and its key`)
  else return { name: key.replace('/', '.'), certPem, keyPem }
  return undefined
}

/** nginx would not take the whole configuration for one key that does not fit. */
function isPair(certPem: string, keyPem: string): boolean {
  try {
    return new X509Certificate(certPem).checkPrivateKey(createPrivateKey(keyPem))
  } catch {
    return false
  }
}

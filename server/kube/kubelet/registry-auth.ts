// Credentials for a registry from a pod's imagePullSecrets (`kubernetes.io/dockerconfigjson`).

import type { Pod } from 'kubernetes-types/core/v1'
import type { ApiObjects } from './api-objects.ts'

export interface RegistryAuth {
  username: string
  password: string
}

export async function registryAuthOf(pod: Pod, image: string, objects: ApiObjects): Promise<RegistryAuth | undefined> {
  const registry = registryOf(image)
  for (const { name = '' } of pod.spec?.imagePullSecrets ?? []) {
    // A missing pull secret is no error: the image may be public.
    const secret = await objects.secret(pod.metadata?.namespace ?? '', name)
    const encoded = secret?.data?.['.dockerconfigjson']
    if (!encoded) continue
    const found = entryFor(registry, Buffer.from(encoded, 'base64').toString('utf8'))
    if (found) return found
  }
  return undefined
}

export function registryOf(image: string): string {
  const slash = image.indexOf('/')
  const first = slash < 0 ? '' : image.slice(0, slash)
  return /[.:]/.test(first) || first === 'localhost' ? first : 'docker.io'
}

function entryFor(registry: string, text: string): RegistryAuth | undefined {
  let auths: Record<string, { username?: string; password?: string; auth?: string }>
  try {
    auths = (JSON.parse(text) as { auths?: typeof auths }).auths ?? {}
  } catch {
    return undefined
  }
  for (const [address, entry] of Object.entries(auths)) {
    const host = address.replace(/^https?:\/\//, '').replace(/\/.*$/, '')
    if (host !== registry && !(registry === 'docker.io' && host.endsWith('docker.io'))) continue
    const [user = '', ...rest] = Buffer.from(entry.auth ?? '', 'base64')
      .toString('utf8')
      .split(':')
    return { username: entry.username ?? user, password: entry.password ?? rest.join(':') }
  }
  return undefined
}

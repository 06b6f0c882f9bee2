// Credentials for a registry, from the secrets that a pod names (`kubernetes.io/dockerconfigjson`, and `dockercfg` before
// it). An entry is for a host, perhaps with a port and the beginning of a path, and may have stars; who says more counts first.
// Upstream: pkg/credentialprovider/keyring.go.

import type { Pod } from 'kubernetes-types/core/v1'
import type { ApiObjects } from './api-objects.ts'

export interface RegistryAuth {
  username: string
  password: string
  /** Whose they are, where not every pod of the machine has them. */
  source?: { secret?: Owner; serviceAccount?: Owner }
}

interface Owner {
  uid: string
  namespace: string
  name: string
}

interface Entry {
  username?: string
  password?: string
  /** `user:password` in base64, as `docker login` writes it. */
  auth?: string
}

/** All that may be tried, the most fitting first; none where the registry may be anonymous. */
export async function registryAuthsOf(pod: Pod, image: string, objects: ApiObjects): Promise<RegistryAuth[]> {
  const found: { length: number; auth: RegistryAuth }[] = []
  for (const { name = '' } of pod.spec?.imagePullSecrets ?? []) {
    // A missing pull secret is no error: the image may be public.
    const namespace = pod.metadata?.namespace ?? ''
    const secret = await objects.secret(namespace, name)
    const source = { secret: { uid: secret?.metadata?.uid ?? '', namespace, name } }
    for (const [place, entry] of entriesOf(secret?.data ?? {})) {
      if (matchesPlace(place, image)) found.push({ length: place.length, auth: { ...authOf(entry), source } })
    }
  }
  return found.sort((a, b) => b.length - a.length).map(({ auth }) => auth)
}

function entriesOf(data: Record<string, string>): [place: string, entry: Entry][] {
  const read = (key: string) => {
    try {
      return JSON.parse(Buffer.from(data[key] ?? '', 'base64').toString('utf8')) as Record<string, unknown>
    } catch {
      return {}
    }
  }
  const auths = (read('.dockerconfigjson').auths ?? read('.dockercfg')) as Record<string, Entry>
  return Object.entries(auths).map(([address, entry]) => [placeOf(address), entry])
}

/** Without scheme, and without what only says which version of the registry's API there is. */
const placeOf = (address: string) => address.replace(/^https?:\/\//, '').replace(/\/(?:v[12]\/?)?$/, '')

/** Whether an entry for a place, perhaps with stars, is one for an image. */
export function matchesPlace(place: string, image: string): boolean {
  const [host = '', ...path] = place.split('/')
  const [asked = '', ...askedPath] = withRegistry(image).split('/')
  if (!isSameHost(host, asked)) return false
  return path.every((part, index) => withoutTag(askedPath[index] ?? '') === part)
}

const withoutTag = (part: string) => part.replace(/[:@].*$/, '')

function isSameHost(pattern: string, host: string): boolean {
  if (host === 'docker.io' && /^(?:[\w-]+\.)?docker\.io$/.test(pattern)) return true
  const parts = pattern.split('.')
  const asked = host.split('.')
  // A star stands for a part of one name, never for a dot.
  const isSame = (part: string, other = '') =>
    new RegExp(`^${part.replace(/[^\w*-]/g, '\\$&').replaceAll('*', '.*')}$`).test(other)
  return parts.length === asked.length && parts.every((part, index) => isSame(part, asked[index]))
}

/** `nginx` is short for `docker.io/library/nginx`. */
export function withRegistry(image: string): string {
  const [first = '', ...rest] = image.split('/')
  if (rest.length === 0) return `docker.io/library/${image}`
  return /[.:]/.test(first) || first === 'localhost' ? image : `docker.io/${image}`
}

function authOf({ username, password, auth = '' }: Entry): RegistryAuth {
  const [user = '', ...rest] = Buffer.from(auth, 'base64').toString('utf8').split(':')
  return { username: username ?? user, password: password ?? rest.join(':') }
}

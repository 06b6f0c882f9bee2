// Several sources in one directory; above all the service account's token, which is renewed before it runs out.
// Upstream: pkg/volume/projected, pkg/kubelet/token/token_manager.go.

import type { Pod, VolumeProjection } from 'kubernetes-types/core/v1'
import type { FileContent } from '../../node-os/node-os.ts'
import { downwardFiles } from './downward-api.ts'
import { contentsOf, filesOf } from './key-files.ts'
import { groupOf, type VolumePlugin, type VolumePorts, type VolumeRequest } from './volume-plugin.ts'
import { usageOfDirectory } from './volume-usage.ts'

export const projectedVolume: VolumePlugin = {
  name: 'kubernetes.io~projected',
  field: 'projected',
  isLive: true,
  isReadOnly: true,
  async setUp(request, ports) {
    const { sources = [], defaultMode = 0o644 } = request.volume.projected ?? {}
    const files = new Map<string, FileContent>()
    for (const source of sources) {
      for (const file of await project(source, defaultMode, request, ports)) files.set(file.path, file)
    }
    await ports.os.mountTmpfs(request.directory, {})
    await ports.os.publish(request.directory, [...files.values()], groupOf(request.pod))
    return request.directory
  },
  tearDown: (directory, { os }) => os.unmount(directory),
  usage: usageOfDirectory,
}

async function project(
  source: VolumeProjection,
  mode: number,
  request: VolumeRequest,
  ports: VolumePorts,
): Promise<FileContent[]> {
  const { pod, addresses } = request
  const namespace = pod.metadata?.namespace ?? ''
  if (source.configMap) {
    const { name = '', items, optional = false } = source.configMap
    const object = await ports.objects.configMap(namespace, name)
    if (!object && !optional) throw new Error(`configmap "${name}" not found`)
    const contents = contentsOf(object && { ...object, kind: 'ConfigMap' })
    return filesOf(contents, { items, mode, optional, source: 'config' })
  }
  if (source.secret) {
    const { name = '', items, optional = false } = source.secret
    const object = await ports.objects.secret(namespace, name)
    if (!object && !optional) throw new Error(`secret "${name}" not found`)
    return filesOf(contentsOf(object && { ...object, kind: 'Secret' }), { items, mode, optional, source: 'secret' })
  }
  if (source.downwardAPI) {
    return downwardFiles(source.downwardAPI.items ?? [], { pod, mode, addresses, node: ports.node })
  }
  if (source.serviceAccountToken) return [await tokenFile(source.serviceAccountToken, mode, request, ports)]
  return []
}

/** The present token as long as a fifth of its life is left; else a new one. What is on disk is the memory. */
async function tokenFile(
  { path, audience = '', expirationSeconds = 3600 }: NonNullable<VolumeProjection['serviceAccountToken']>,
  defaultMode: number,
  { pod, directory }: VolumeRequest,
  { os, objects, clock }: VolumePorts,
): Promise<FileContent> {
  const user = userOf(pod)
  // Whoever is known to need it alone may read it.
  const isPrivate = user !== undefined || groupOf(pod).group !== undefined
  const file = { path, mode: isPrivate ? 0o600 : defaultMode, ...(user === undefined ? {} : { user }) }
  const current = await os.readFile(`${directory}/${path}`)
  const life = current === undefined ? undefined : lifeOf(current)
  const stillGood = life && clock.now() < life.expiresAt - (life.expiresAt - life.issuedAt) / 5
  if (current !== undefined && stillGood) return { ...file, content: current }
  const { token } = await objects.token({
    namespace: pod.metadata?.namespace ?? '',
    serviceAccount: pod.spec?.serviceAccountName ?? 'default',
    audience,
    expirationSeconds,
    pod: { name: pod.metadata?.name ?? '', uid: pod.metadata?.uid ?? '' },
  })
  return { ...file, content: token }
}

/** Whom all containers run as, if it is one. */
function userOf({ spec }: Pod): number | undefined {
  const containers = [...(spec?.initContainers ?? []), ...(spec?.containers ?? [])]
  const users = containers.map(({ securityContext }) => securityContext?.runAsUser ?? spec?.securityContext?.runAsUser)
  return users.every((user) => user === users[0]) ? users[0] : undefined
}

function lifeOf(token: string): { issuedAt: number; expiresAt: number } | undefined {
  try {
    const claims = JSON.parse(Buffer.from(token.split('.')[1] ?? '', 'base64url').toString('utf8')) as {
      iat?: number
      exp?: number
    }
    return claims.exp && claims.iat ? { issuedAt: claims.iat * 1000, expiresAt: claims.exp * 1000 } : undefined
  } catch {
    return undefined
  }
}

// The ConfigMaps, Secrets, Services and claims that pods refer to, read through a short memory so that ten pods starting at
// once do not ask ten times. Upstream's watch-based managers answer fresher; see pkg/kubelet/util/manager.

import type {
  PersistentVolumeClaim as Claim,
  ConfigMap as ConfigMapObject,
  Node as NodeObject,
  Secret as SecretObject,
  ServiceAccount as ServiceAccountObject,
  Service as ServiceObject,
  PersistentVolume as Volume,
} from 'kubernetes-types/core/v1'
import type { RuntimeClass as RuntimeClassObject } from 'kubernetes-types/node/v1'
import type {
  CSIDriver as CSIDriverObject,
  VolumeAttachment as VolumeAttachmentObject,
} from 'kubernetes-types/storage/v1'
import type { Clock } from '../../base/clock.ts'
import { isNotFound, StatusError } from '../apimachinery/status-error.ts'
import type { Client } from '../client/client.ts'
import { ConfigMap } from '../kinds/config-map.ts'
import { CSIDriver } from '../kinds/csi-driver.ts'
import type { Claim as DeviceClaim } from '../kinds/devices/device-objects.ts'
import { Node } from '../kinds/node.ts'
import { PersistentVolume } from '../kinds/persistent-volume.ts'
import { PersistentVolumeClaim } from '../kinds/persistent-volume-claim.ts'
import { ResourceClaim } from '../kinds/resource-claim.ts'
import { RuntimeClass } from '../kinds/runtime-class.ts'
import { Secret } from '../kinds/secret.ts'
import { Service } from '../kinds/service.ts'
import { ServiceAccount } from '../kinds/service-account.ts'
import { VolumeAttachment } from '../kinds/volume-attachment.ts'

export interface ApiObjects {
  /** Undefined when there is none. */
  configMap(namespace: string, name: string): Promise<ConfigMapObject | undefined>
  secret(namespace: string, name: string): Promise<SecretObject | undefined>
  claim(namespace: string, name: string): Promise<Claim | undefined>
  persistentVolume(name: string): Promise<Volume | undefined>
  runtimeClass(name: string): Promise<RuntimeClassObject>
  csiDriver(name: string): Promise<CSIDriverObject | undefined>
  volumeAttachment(name: string): Promise<VolumeAttachmentObject | undefined>
  resourceClaim(namespace: string, name: string): Promise<DeviceClaim | undefined>
  /** The kubelet's own, as others have written it too. */
  node(name: string): Promise<NodeObject>
  services(namespace: string): Promise<ServiceObject[]>
  serviceAccount(namespace: string, name: string): Promise<ServiceAccountObject>
  /** Changes its status as it was when it was read, by a merge patch; fails with Conflict when somebody else was faster. */
  tellClaim(claim: Claim, status: object): Promise<Claim>
  /** A token of a service account, bound to the pod; the same one as long as a fifth of its life is left. */
  token(request: TokenRequest): Promise<Token>
}

interface Token {
  token: string
  expiresAt: number
}

export interface TokenRequest {
  namespace: string
  serviceAccount: string
  audience: string
  expirationSeconds: number
  pod: { name: string; uid: string }
}

export function createApiObjects(client: Client, clock: Clock, options = { freshMs: 5_000 }): ApiObjects {
  const memory = new Map<string, { at: number; value: Promise<unknown> }>()
  const tokens = new Map<string, Token & { renewAt: number }>()

  function remembered<T>(key: string, read: () => Promise<T>): Promise<T> {
    const known = memory.get(key)
    if (known && clock.monotonic() - known.at < options.freshMs) return known.value as Promise<T>
    const value = read()
    memory.set(key, { at: clock.monotonic(), value })
    value.catch(() => memory.delete(key))
    if (memory.size > 500)
      for (const [old, { at }] of memory) if (clock.monotonic() - at > options.freshMs) memory.delete(old)
    return value
  }

  const orNone = <T>(reading: Promise<T>): Promise<T | undefined> =>
    reading.catch((err: unknown) => {
      if (isNotFound(err)) return undefined
      throw err
    })

  async function freshToken({ namespace, serviceAccount, audience, expirationSeconds, pod }: TokenRequest) {
    const answer = (await client.transport.request({
      method: 'POST',
      path: `/api/v1/namespaces/${namespace}/serviceaccounts/${serviceAccount}/token`,
      body: {
        apiVersion: 'authentication.k8s.io/v1',
        kind: 'TokenRequest',
        spec: {
          ...(audience ? { audiences: [audience] } : {}),
          expirationSeconds,
          boundObjectRef: { apiVersion: 'v1', kind: 'Pod', name: pod.name, uid: pod.uid },
        },
      },
    })) as { status?: { token?: string; expirationTimestamp?: string } }
    if (!answer.status?.token) throw new StatusError('InternalError', 'TokenRequest was answered without a token')
    const expiresAt = Date.parse(answer.status.expirationTimestamp ?? '')
    return { token: answer.status.token, expiresAt: expiresAt || clock.now() + expirationSeconds * 1000 }
  }

  return {
    configMap: (namespace, name) =>
      remembered(`configmap/${namespace}/${name}`, () => orNone(client.of(ConfigMap).get({ namespace, name }))),
    secret: (namespace, name) =>
      remembered(`secret/${namespace}/${name}`, () => orNone(client.of(Secret).get({ namespace, name }))),
    // Not remembered: what is unbound now may be bound a moment later, and then the pod starts.
    claim: (namespace, name) => orNone(client.of(PersistentVolumeClaim).get({ namespace, name })),
    persistentVolume: (name) => orNone(client.of(PersistentVolume).get({ name })),
    csiDriver: (name) => remembered(`csidriver/${name}`, () => orNone(client.of(CSIDriver).get({ name }))),
    volumeAttachment: (name) => orNone(client.of(VolumeAttachment).get({ name })),
    tellClaim: ({ metadata }, status) => {
      const { namespace = '', name = '', resourceVersion } = metadata ?? {}
      const patch = { metadata: { resourceVersion }, status }
      const how = { subresource: 'status' }
      return client.of(PersistentVolumeClaim).patch({ namespace, name }, 'application/merge-patch+json', patch, how)
    },
    resourceClaim: (namespace, name) => orNone(client.of(ResourceClaim).get({ namespace, name })),
    node: (name) => client.of(Node).get({ name }),
    runtimeClass: (name) => remembered(`runtimeclass/${name}`, () => client.of(RuntimeClass).get({ name })),
    services: (namespace) =>
      remembered(`services/${namespace}`, async () => (await client.of(Service).list({ namespace })).items),
    serviceAccount: (namespace, name) =>
      remembered(`serviceaccount/${namespace}/${name}`, () => client.of(ServiceAccount).get({ namespace, name })),
    async token(request) {
      const key = JSON.stringify(request)
      const known = tokens.get(key)
      if (known && clock.now() < known.renewAt) return known
      const fresh = await freshToken(request)
      for (const [old, { renewAt }] of tokens) if (clock.now() >= renewAt) tokens.delete(old)
      tokens.set(key, { ...fresh, renewAt: fresh.expiresAt - (fresh.expiresAt - clock.now()) / 5 })
      return fresh
    },
  }
}

// Which tokens a kubelet gets: of pods that run on its node, for those audiences that the pod's volumes name, or that somebody
// has allowed it. Upstream: kubernetes/plugin/pkg/admission/noderestriction, admitServiceAccount.

import type { TokenRequest } from 'kubernetes-types/authentication/v1'
import type { PersistentVolume, PersistentVolumeClaim, Pod, Volume } from 'kubernetes-types/core/v1'
import type { CSIDriver as WireDriver } from 'kubernetes-types/storage/v1'
import { forbidden } from '../../apimachinery/status-error.ts'
import { CSIDriver } from '../../kinds/index.ts'
import { authorizeBy } from '../authorization/authorizer.ts'
import { nodeNameOf } from '../authorization/node-authorizer.ts'
import type { ApiResources } from './api-resources.ts'
import type { Call } from './object-endpoints.ts'

/** Nobody else is held to anything here. */
export async function assertNodeMayHave(
  { context, info, authorizers }: Call,
  { spec }: TokenRequest,
  resources: ApiResources,
): Promise<void> {
  const { user } = context
  const node = nodeNameOf(user)
  if (node === undefined) return
  const refuse = (why: string) => forbidden({ group: '', resource: 'serviceaccounts' }, info.name, why)
  const { apiVersion, kind, name = '', uid } = spec?.boundObjectRef ?? {}
  if (apiVersion !== 'v1' || kind !== 'Pod' || !name) throw refuse('node requested token not bound to a pod')
  if (!uid) throw refuse('node requested token with a pod binding without a uid')
  const pod = resources.core('pods')?.peek(info.namespace, name) as Pod | undefined
  if (pod?.spec?.nodeName !== node) throw refuse('node requested token bound to a pod scheduled on a different node')
  const [audience = '', ...more] = spec?.audiences ?? []
  if (more.length > 0) throw refuse('node may only request 0 or 1 audiences')
  if (isNamed(pod, audience, resources)) return
  const { decision } = await authorizeBy(authorizers, user, {
    isResource: true,
    path: '',
    verb: 'request-serviceaccounts-token-audience',
    group: '',
    resource: audience,
    subresource: '',
    namespace: info.namespace,
    name: info.name,
  })
  if (decision === 'allow') return
  const what = `audience ${JSON.stringify(audience)} not found in pod spec volume`
  throw refuse(`${what}, ${user.name} is not authorized to request tokens for this audience`)
}

function isNamed({ metadata, spec }: Pod, audience: string, resources: ApiResources): boolean {
  return (spec?.volumes ?? []).some((volume) => {
    const sources = volume.projected?.sources ?? []
    if (sources.some(({ serviceAccountToken: token }) => token && (token.audience ?? '') === audience)) return true
    const driver = driverOf(volume, metadata, resources)
    const found = driver && (resources.ofKind(CSIDriver)?.peek('', driver) as WireDriver | undefined)
    return found ? (found.spec.tokenRequests ?? []).some((request) => request.audience === audience) : false
  })
}

/** Of a volume in the pod itself, or of the one that its claim is bound to. */
function driverOf(volume: Volume, pod: Pod['metadata'], resources: ApiResources): string | undefined {
  if (volume.csi) return volume.csi.driver
  const claimName = volume.ephemeral ? `${pod?.name}-${volume.name}` : volume.persistentVolumeClaim?.claimName
  if (!claimName) return undefined
  const claim = resources.core('persistentvolumeclaims')?.peek(pod?.namespace ?? '', claimName) as
    | PersistentVolumeClaim
    | undefined
  const bound = claim?.spec?.volumeName
  const found = bound && (resources.core('persistentvolumes')?.peek('', bound) as PersistentVolume | undefined)
  return found ? found.spec?.csi?.driver : undefined
}

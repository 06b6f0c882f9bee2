// A kubelet writes about its own node and the pods on it, and about nothing else.
// Upstream: kubernetes/plugin/pkg/admission/noderestriction.

import type { CertificateSigningRequest } from 'kubernetes-types/certificates/v1'
import type { PersistentVolumeClaim, Node as WireNode, Pod as WirePod } from 'kubernetes-types/core/v1'
import { deepEqual } from '../../apimachinery/deep.ts'
import { differenceOf } from '../../apimachinery/difference.ts'
import { forbidden } from '../../apimachinery/status-error.ts'
import { parseCertificateRequest } from '../../kinds/certificates/pkcs10.ts'
import { extendedStatusOf } from '../../kinds/devices/extended-resources.ts'
import { Node, Pod } from '../../kinds/index.ts'
import { referencesOf } from '../../kinds/pod-template/references.ts'
import { nodeNameOf } from '../authorization/node-authorizer.ts'
import type { AdmissionPlugin, AdmissionReader, AdmissionRequest } from './admission.ts'
import { forbiddenLabels } from './node-labels.ts'
import { MIRROR } from './pods.ts'

const RESTRICTED = [
  'Node',
  'Pod',
  'PersistentVolumeClaim',
  'Lease',
  'CSINode',
  'ResourceSlice',
  'CertificateSigningRequest',
]
const KUBELET_SIGNERS = ['kubernetes.io/kubelet-serving', 'kubernetes.io/kube-apiserver-client-kubelet']

export const nodeRestriction: AdmissionPlugin = {
  name: 'NodeRestriction',
  handles: ({ operation, user, kind }) =>
    operation !== 'CONNECT' && RESTRICTED.includes(kind.kind) && nodeNameOf(user) !== undefined,
  validate(request, reader) {
    const node = nodeNameOf(request.user) ?? ''
    const problem = problemOf(node, request, reader)
    if (!problem) return
    const { kind, object, previous } = request
    const name = (object ?? previous)?.metadata?.name ?? request.name
    throw forbidden({ group: kind.group, resource: kind.plural }, name, problem)
  },
}

function problemOf(node: string, request: AdmissionRequest, reader: AdmissionReader): string | undefined {
  const { kind, object, previous } = request
  const name = (object ?? previous)?.metadata?.name
  switch (kind.kind) {
    case 'Node':
      return name === node
        ? nodeProblem(node, request)
        : `node ${JSON.stringify(node)} is not allowed to modify node ${JSON.stringify(name)}`
    case 'PersistentVolumeClaim':
      return request.subresource === 'status' ? claimProblem(node, request) : undefined
    case 'Lease':
      return name === node ? undefined : 'can only access node lease with the same name as the requesting node'
    case 'CSINode':
      return name === node ? undefined : 'can only access CSINode with the same name as the requesting node'
    case 'ResourceSlice':
      return sliceProblem(node, request)
    case 'CertificateSigningRequest':
      return certificateProblem(node, request)
    default:
      return request.subresource === 'eviction'
        ? evictionProblem(node, request, reader)
        : podProblem(node, request, reader)
  }
}

/** A kubelet that has been broken into must not move pods to its machine by changing what its node is said to be. */
function nodeProblem(node: string, { operation, object, previous }: AdmissionRequest): string | undefined {
  const me = `node ${JSON.stringify(node)}`
  const [next, before] = [object as WireNode | undefined, previous as WireNode | undefined]
  const labels = forbiddenLabels(next?.metadata?.labels, before?.metadata?.labels).join(', ')
  if (operation === 'CREATE') return labels ? `${me} is not allowed to set the following labels: ${labels}` : undefined
  if (operation !== 'UPDATE') return undefined
  if (!deepEqual(next?.spec?.taints ?? [], before?.spec?.taints ?? [])) return `${me} is not allowed to modify taints`
  const [owners, ownersBefore] = [next?.metadata?.ownerReferences ?? [], before?.metadata?.ownerReferences ?? []]
  if (!deepEqual(owners, ownersBefore)) return `${me} is not allowed to modify ownerReferences`
  return labels ? `${me} is not allowed to modify labels: ${labels}` : undefined
}

/** What a kubelet knows of a claim is how large its volume has become. */
function claimProblem(node: string, { object, previous }: AdmissionRequest): string | undefined {
  const [next, before] = [object, previous].map((one) => withoutSize(one as PersistentVolumeClaim))
  if (deepEqual(next, before)) return undefined
  const only = 'update fields other than status.quantity and status.conditions'
  return `node ${JSON.stringify(node)} is not allowed to ${only}: ${differenceOf(before, next)}`
}

function withoutSize({ metadata, status, ...claim }: PersistentVolumeClaim) {
  const { resourceVersion, managedFields, ...meta } = metadata ?? {}
  const { capacity, conditions, allocatedResources, allocatedResourceStatuses, ...told } = status ?? {}
  return { ...claim, metadata: meta, status: told }
}

/** Changes of a slice that is there are the Node authorizer's business: it knows whose it is. */
function sliceProblem(node: string, { operation, object, previous }: AdmissionRequest): string | undefined {
  const doing = operation === 'CREATE' ? 'create' : operation === 'DELETE' ? 'delete' : undefined
  const owner = ((object ?? previous) as { spec?: { nodeName?: string } } | undefined)?.spec?.nodeName
  if (!doing || owner === node) return undefined
  return `can only ${doing} ResourceSlice with the same NodeName as the requesting node`
}

/** A kubelet that may ask for certificates asks for its own. */
function certificateProblem(node: string, { operation, object }: AdmissionRequest): string | undefined {
  if (operation !== 'CREATE') return undefined
  const { signerName, request } = (object as CertificateSigningRequest).spec
  if (!KUBELET_SIGNERS.includes(signerName)) return undefined
  const [commonName] = parseCertificateRequest(request).subjectName.getField('CN')
  return commonName === `system:node:${node}` ? undefined : `can only create a node CSR with CN=system:node:${node}`
}

function evictionProblem(node: string, { namespace, name }: AdmissionRequest, reader: AdmissionReader) {
  const isOwn = reader.find(Pod, namespace, name)?.spec?.nodeName === node
  return isOwn ? undefined : `node ${JSON.stringify(node)} can only evict pods with spec.nodeName set to itself`
}

function podProblem(
  node: string,
  { operation, subresource, object, previous }: AdmissionRequest,
  reader: AdmissionReader,
): string | undefined {
  const pod = object as WirePod | undefined
  const before = previous as WirePod | undefined
  const me = `node ${JSON.stringify(node)}`
  if (operation === 'CREATE') {
    if (pod?.metadata?.annotations?.[MIRROR] === undefined) {
      return `pod does not have "${MIRROR}" annotation, ${me} can only create mirror pods`
    }
    if (pod.spec?.nodeName !== node) return `${me} can only create pods with spec.nodeName set to itself`
    const owners = ownerProblem(node, pod, reader)
    if (owners) return owners
    // What it names it could read, had it the right to name it.
    const [named] = referencesOf(pod)
    const kind = named?.kind === 'serviceaccounts' ? 'a service account' : named?.kind
    if (kind) return `${me} can not create pods that reference ${kind}`
    const sources = (pod.spec.volumes ?? []).flatMap(({ projected }) => projected?.sources ?? [])
    const trusts = sources.some(({ clusterTrustBundle }) => clusterTrustBundle)
    return trusts ? `${me} can not create pods that reference clustertrustbundles` : undefined
  }
  if (operation === 'DELETE') {
    return before?.spec?.nodeName === node ? undefined : `${me} can only delete pods with spec.nodeName set to itself`
  }
  if (subresource !== 'status') return undefined
  if (before?.spec?.nodeName !== node)
    return `${me} can only update pod status for pods with spec.nodeName set to itself`
  // By its labels a pod is chosen for Services, policies and budgets.
  const isSame = deepEqual(pod?.metadata?.labels ?? {}, before.metadata?.labels ?? {})
  if (!isSame) return `${me} cannot update labels through pod status`
  const [claims, claimsBefore] = [pod, before].map((one) => one?.status?.resourceClaimStatuses ?? [])
  if (!deepEqual(claims, claimsBefore)) return `${me} cannot update resource claim statues`
  const [extended, extendedBefore] = [pod, before].map((one) => one && extendedStatusOf(one))
  return deepEqual(extended, extendedBefore) ? undefined : `${me} cannot update extended resource claim status`
}

/** A pod that seems to be of a set would count as one of its replicas. */
function ownerProblem(node: string, pod: WirePod, reader: AdmissionReader): string | undefined {
  const me = `node ${JSON.stringify(node)}`
  const [owner, ...others] = pod.metadata?.ownerReferences ?? []
  if (others.length > 0) return `${me} can only create pods with a single owner reference set to itself`
  if (owner?.apiVersion !== 'v1' || owner.kind !== 'Node' || owner.name !== node)
    return `${me} can only create pods with an owner reference set to itself`
  if (!owner.controller) return `${me} can only create pods with a controller owner reference set to itself`
  if (owner.blockOwnerDeletion) return `${me} must not set blockOwnerDeletion on an owner reference`
  const uid = reader.find(Node, '', node)?.metadata?.uid
  return owner.uid === uid ? undefined : `node ${node} UID mismatch: expected ${owner.uid} got ${uid}`
}

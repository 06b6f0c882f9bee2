// Creates and deletes pods for their owner, and tells about it in the owner's Events.
// Upstream: kubernetes/pkg/controller/controller_utils.go (RealPodControl).

import type { Pod as CorePod, PodTemplateSpec } from 'kubernetes-types/core/v1'
import { deepCopy } from '../apimachinery/deep.ts'
import type { KubeObject, OwnerReference } from '../apimachinery/object-meta.ts'
import { isNotFound, StatusError } from '../apimachinery/status-error.ts'
import type { ReconcileContext } from '../client/reconcile-context.ts'
import { type AnyKind, apiVersionOf } from '../kinds/define-kind.ts'
import { Pod } from '../kinds/pod.ts'

export function controllerReference(kind: AnyKind, owner: KubeObject): OwnerReference {
  return {
    apiVersion: apiVersionOf(kind),
    kind: kind.kind,
    name: owner.metadata?.name ?? '',
    uid: owner.metadata?.uid ?? '',
    controller: true,
    blockOwnerDeletion: true,
  }
}

function podFromTemplate(
  template: PodTemplateSpec,
  kind: AnyKind,
  owner: KubeObject,
  generateName = `${owner.metadata?.name}-`,
): CorePod {
  const { labels, annotations, finalizers } = template.metadata ?? {}
  return deepCopy({
    metadata: {
      generateName,
      namespace: owner.metadata?.namespace ?? '',
      labels: labels ?? {},
      ...(annotations ? { annotations } : {}),
      ...(finalizers ? { finalizers } : {}),
      ownerReferences: [controllerReference(kind, owner)],
    },
    spec: template.spec ?? { containers: [] },
  })
}

export async function createPod(
  context: ReconcileContext,
  kind: AnyKind,
  owner: KubeObject,
  template: PodTemplateSpec,
  generateName?: string,
): Promise<CorePod> {
  try {
    const pod = await context.client.of(Pod).create(podFromTemplate(template, kind, owner, generateName))
    context.event(kind, owner, 'Normal', 'SuccessfulCreate', `Created pod: ${pod.metadata?.name}`)
    return pod
  } catch (err) {
    // In a namespace that is going away this is no news, and nobody would read it.
    if (!isNamespaceTerminating(err)) {
      context.event(kind, owner, 'Warning', 'FailedCreate', `Error creating: ${messageOf(err)}`)
    }
    throw err
  }
}

export async function deletePod(
  context: ReconcileContext,
  kind: AnyKind,
  owner: KubeObject,
  pod: CorePod,
): Promise<void> {
  const { namespace, name = '', uid } = pod.metadata ?? {}
  try {
    await context.client.of(Pod).delete({ ...(namespace ? { namespace } : {}), name }, uid ? { uid } : {})
    context.event(kind, owner, 'Normal', 'SuccessfulDelete', `Deleted pod: ${name}`)
  } catch (err) {
    if (isNotFound(err)) throw err
    context.event(kind, owner, 'Warning', 'FailedDelete', `Error deleting: ${messageOf(err)}`)
    throw new Error(`unable to delete pods: ${messageOf(err)}`, { cause: err })
  }
}

export function isNamespaceTerminating(err: unknown): boolean {
  return (
    err instanceof StatusError &&
    err.reason === 'Forbidden' &&
    (err.details?.causes?.some((cause) => cause.reason === 'NamespaceTerminating') ||
      err.message.includes('is being terminated'))
  )
}

export const messageOf = (err: unknown) => (err instanceof Error ? err.message : String(err))

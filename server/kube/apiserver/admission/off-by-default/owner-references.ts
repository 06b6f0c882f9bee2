// OwnerReferencesPermissionEnforcement: to give an object an owner is to have it deleted some day, so only who may delete
// it may; to hold up the deletion of the owner wants the right to its finalizers.
// Upstream: kubernetes/plugin/pkg/admission/gc.

import { deepEqual } from '../../../apimachinery/deep.ts'
import type { OwnerReference } from '../../../apimachinery/object-meta.ts'
import { type Attributes, type Authorizer, authorizeBy } from '../../authorization/authorizer.ts'
import { type AdmissionPlugin, type AdmissionReader, type AdmissionRequest, refusal } from '../admission.ts'

export function ownerReferences(authorizers: readonly Authorizer[]): AdmissionPlugin {
  const problemOf = async (request: AdmissionRequest, asked: Partial<Attributes>) => {
    const { namespace, user } = request
    const nothing = { isResource: true, path: '', subresource: '', name: '', group: '', resource: '', verb: '' }
    const { decision, reason } = await authorizeBy(authorizers, user, { ...nothing, namespace, ...asked })
    return decision === 'allow' ? undefined : `${reason}, <nil>`
  }
  return {
    name: 'OwnerReferencesPermissionEnforcement',
    handles: ({ operation, kind, subresource }) =>
      (operation === 'CREATE' || operation === 'UPDATE') && !(kind.kind === 'Pod' && subresource === 'status'),
    async validate(request, reader) {
      const [next, before] = [ownersOf(request.object), ownersOf(request.previous)]
      if (deepEqual(next, before)) return
      const { kind, name, subresource } = request
      const own = { verb: 'delete', group: kind.group, resource: kind.plural, subresource, name }
      const refused = await problemOf(request, own)
      if (refused) throw refusal(request, `cannot set an ownerRef on a resource you can't delete: ${refused}`)
      for (const owner of blocking(next, before)) {
        const of = resourceOf(owner, reader)
        if (!of) {
          const what = `cannot find RESTMapping for APIVersion ${owner.apiVersion} Kind ${owner.kind}`
          throw refusal(request, `cannot set blockOwnerDeletion in this case because ${what}`)
        }
        const problem = await problemOf(request, { verb: 'update', subresource: 'finalizers', name: owner.name, ...of })
        if (!problem) continue
        const what = "an ownerReference refers to a resource you can't set finalizers on"
        throw refusal(request, `cannot set blockOwnerDeletion if ${what}: ${problem}`)
      }
    },
  }
}

const ownersOf = (object: AdmissionRequest['object']): readonly OwnerReference[] =>
  object?.metadata?.ownerReferences ?? []

const blocking = (next: readonly OwnerReference[], before: readonly OwnerReference[]) =>
  next.filter(
    (owner) =>
      owner.blockOwnerDeletion === true &&
      !before.some((other) => other.uid === owner.uid && other.blockOwnerDeletion === true),
  )

function resourceOf({ apiVersion, kind }: OwnerReference, reader: AdmissionReader): Partial<Attributes> | undefined {
  const found = reader.kindOf(apiVersion, kind)
  if (!found) return undefined
  return { group: found.group, resource: found.plural, ...(found.namespaced ? {} : { namespace: '' }) }
}

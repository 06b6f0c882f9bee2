// What somebody would like to do, as people say it, made into what the API server decides on. Resources may be called by
// their kind or a short name, and without their group, as with kubectl.

import type { Attributes } from '../kube/apiserver/index.ts'
import { builtInKinds } from '../kube/kinds/index.ts'

export interface AccessWish {
  verb: string
  /** Undefined: whichever has a resource of this name. */
  group?: string | undefined
  resource: string
  subresource: string
  namespace: string
  name: string
  /** Instead of a resource: `/healthz`. */
  path: string
}

/** As the API server knows it. */
export type UnderstoodWish = AccessWish & { group: string }

export function attributesOf(wish: AccessWish): { attributes: Attributes & UnderstoodWish; note: string } {
  const { verb, group, resource, subresource, namespace, name, path } = wish
  if (path !== '') {
    const nothing = { group: '', resource: '', subresource: '', namespace: '', name: '' }
    return { attributes: { ...nothing, isResource: false, verb, path }, note: '' }
  }
  const asked = { isResource: true, verb, subresource, name, path }
  // Whoever says the group means what they say; `*` stands for all.
  if (group !== undefined || resource === '*') {
    return { attributes: { ...asked, group: group ?? '*', resource, namespace }, note: '' }
  }
  const word = resource.toLowerCase()
  const kind = builtInKinds.find(
    ({ plural, singular, shortNames }) => plural === word || singular === word || shortNames.includes(word),
  )
  if (!kind) {
    const note = `This cluster has no kind called “${resource}”. A rule may name it all the same.`
    return { attributes: { ...asked, group: '', resource, namespace }, note }
  }
  const isAside = !kind.namespaced && namespace !== ''
  return {
    attributes: {
      ...asked,
      group: kind.group,
      resource: kind.plural,
      namespace: kind.namespaced ? namespace : '',
    },
    note: isAside ? `${kind.kind}s stand in no namespace, so “${namespace}” plays no part.` : '',
  }
}

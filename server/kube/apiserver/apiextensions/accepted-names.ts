// Which names a definition gets: what it asks for, unless one of its group has them already, be it the same definition
// under another of its names.
// Upstream: apiextensions-apiserver/pkg/controller/status/naming_controller.go.

import type { CustomResourceDefinition, CustomResourceDefinitionNames } from 'kubernetes-types/apiextensions/v1'

export interface NamesDecision {
  accepted: CustomResourceDefinitionNames
  isAccepted: boolean
  reason: string
  message: string
}

const NONE: CustomResourceDefinitionNames = { plural: '', kind: '' }

export function decideNames(
  { spec, status }: CustomResourceDefinition,
  inGroup: readonly CustomResourceDefinition[],
): NamesDecision {
  const resources = new Set<string>()
  const kinds = new Set<string>()
  for (const one of inGroup) {
    const { plural, singular, shortNames = [], kind, listKind } = one.status?.acceptedNames ?? NONE
    for (const name of [plural, singular, ...shortNames]) if (name) resources.add(name)
    for (const name of [kind, listKind]) if (name) kinds.add(name)
  }
  const asked = spec.names
  const before = status?.acceptedNames ?? NONE
  const accepted: CustomResourceDefinitionNames = { ...before }
  let decision = { isAccepted: true, reason: 'NoConflicts', message: 'no conflicts found' }
  const refuse = (reason: string, messages: string[]) => {
    const message = messages.length === 1 ? messages[0]! : `[${messages.join(', ')}]`
    decision = { isAccepted: false, reason, message }
  }
  const inUse = (name: string) => `${JSON.stringify(name)} is already in use`
  const take = (field: 'plural' | 'singular' | 'kind' | 'listKind', taken: ReadonlySet<string>, reason: string) => {
    const name = asked[field] ?? ''
    if (name !== before[field] && taken.has(name)) refuse(reason, [inUse(name)])
    else accepted[field] = name
  }
  take('plural', resources, 'PluralConflict')
  take('singular', resources, 'SingularConflict')
  const own = new Set(before.shortNames ?? [])
  const conflicts = (asked.shortNames ?? []).filter((name) => !own.has(name) && resources.has(name))
  if (conflicts.length > 0) refuse('ShortNamesConflict', conflicts.map(inUse))
  else if (asked.shortNames) accepted.shortNames = asked.shortNames
  else delete accepted.shortNames
  take('kind', kinds, 'KindConflict')
  take('listKind', kinds, 'ListKindConflict')
  if (asked.categories) accepted.categories = asked.categories
  else delete accepted.categories
  return { accepted, ...decision }
}

// Rules told in one line each, for the tables beside this file.

import type { PolicyRule } from 'kubernetes-types/rbac/v1'

const words = (text: string) => text.split(' ').sort()

/** `rule('get list', ['', 'apps'], 'pods deployments')`; names narrow it to some objects. */
export function rule(verbs: string, apiGroups: string[], resources: string, resourceNames?: string): PolicyRule {
  return {
    verbs: words(verbs),
    apiGroups,
    resources: words(resources),
    ...(resourceNames ? { resourceNames: words(resourceNames) } : {}),
  }
}

export const paths = (verbs: string, nonResourceURLs: string): PolicyRule => ({
  verbs: words(verbs),
  nonResourceURLs: words(nonResourceURLs),
})

export const READ = 'get list watch'
export const WRITE = 'create delete deletecollection patch update'
export const EVENTS = rule('create patch update', ['', 'events.k8s.io'], 'events')

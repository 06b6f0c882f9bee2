// Everybody may do everything, or nothing: for trying things out. Upstream: authorizerfactory/builtin.go.

import { ALLOWED, noOpinion, type ReadyAuthorizer } from './authorizer.ts'

const ALL = ['*']

export const alwaysAllow: ReadyAuthorizer = {
  name: 'AlwaysAllow',
  authorize: () => ALLOWED,
  rulesFor: () => ({
    rules: [
      { verbs: ALL, apiGroups: ALL, resources: ALL },
      { verbs: ALL, nonResourceURLs: ALL },
    ],
  }),
}

/** As upstream, which has no opinion rather than a no: whoever comes after it in the chain is still asked. */
export const alwaysDeny: ReadyAuthorizer = {
  name: 'AlwaysDeny',
  authorize: () => noOpinion('Everything is forbidden.'),
}

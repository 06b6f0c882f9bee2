// The group that may do everything, before anybody is asked: the way back in when somebody has locked everyone out.

import { ALLOWED, NO_OPINION, type ReadyAuthorizer } from './authorizer.ts'

export const SUPERUSERS = 'system:masters'

export const superusers: ReadyAuthorizer = {
  name: SUPERUSERS,
  authorize: (user) => (user.groups.includes(SUPERUSERS) ? ALLOWED : NO_OPINION),
}

// The group that may do everything, before anybody is asked: the way back in when somebody has locked everyone out.

import { ALLOWED, type Authorizer, NO_OPINION } from './authorizer.ts'

export const SUPERUSERS = 'system:masters'

export const superusers: Authorizer = {
  name: SUPERUSERS,
  authorize: (user) => (user.groups.includes(SUPERUSERS) ? ALLOWED : NO_OPINION),
}

// Event.

import type { Event as Wire } from 'kubernetes-types/core/v1'
import { defineKind } from './define-kind.ts'

export const Event = defineKind<Wire>({
  version: 'v1',
  kind: 'Event',
  plural: 'events',
  shortNames: ['ev'],
})

// EndpointSlice.

import type { EndpointSlice as Wire } from 'kubernetes-types/discovery/v1'
import { defineKind } from './define-kind.ts'

export const EndpointSlice = defineKind<Wire>({
  group: 'discovery.k8s.io',
  version: 'v1',
  kind: 'EndpointSlice',
  plural: 'endpointslices',
})

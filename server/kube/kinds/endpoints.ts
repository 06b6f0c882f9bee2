// Endpoints.

import type { Endpoints as Wire } from 'kubernetes-types/core/v1'
import { defineKind } from './define-kind.ts'

export const Endpoints = defineKind<Wire>({
  version: 'v1',
  kind: 'Endpoints',
  plural: 'endpoints',
  singular: 'endpoints',
  shortNames: ['ep'],
})

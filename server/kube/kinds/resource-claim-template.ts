// The ResourceClaimTemplate: a claim for each pod that names it.

import { immutable } from '../apimachinery/field-checks.ts'
import { defineKind } from './define-kind.ts'
import { claimErrors, defaultClaim } from './devices/claim-rules.ts'
import type { ClaimTemplate } from './devices/device-objects.ts'
import { templateMetadataErrors } from './pod-template/template-metadata.ts'

export const ResourceClaimTemplate = defineKind<ClaimTemplate>({
  group: 'resource.k8s.io',
  version: 'v1',
  kind: 'ResourceClaimTemplate',
  plural: 'resourceclaimtemplates',
  strategy: {
    returnsDeletedObject: true,
    setDefaults: ({ spec }) => defaultClaim(spec?.spec),
    validateCreate: ({ spec }) => [
      ...templateMetadataErrors(spec?.metadata, 'spec.metadata'),
      ...claimErrors(spec?.spec, 'spec.spec'),
    ],
    validateUpdate: (next, previous) => immutable('spec', next.spec, previous.spec),
  },
})

// The ServiceAccount: who a pod is, to the API.

import type { ServiceAccount as Wire } from 'kubernetes-types/core/v1'
import { ageColumn, defineKind, nameColumn } from './define-kind.ts'

export const ServiceAccount = defineKind<Wire>({
  version: 'v1',
  kind: 'ServiceAccount',
  plural: 'serviceaccounts',
  shortNames: ['sa'],
  subresources: ['token'],
  strategy: { returnsDeletedObject: true },
  columns: [nameColumn, { name: 'Secrets', value: (account) => account.secrets?.length ?? 0 }, ageColumn],
})

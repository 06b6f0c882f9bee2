// The ServiceAccount: who a pod is, to the API.

import type { ServiceAccount as Wire } from 'kubernetes-types/core/v1'
import { ageColumn, defineKind, nameColumn } from './define-kind.ts'

const ENFORCE_SECRETS = 'kubernetes.io/enforce-mountable-secrets'

export const ServiceAccount = defineKind<Wire>({
  version: 'v1',
  kind: 'ServiceAccount',
  plural: 'serviceaccounts',
  shortNames: ['sa'],
  subresources: ['token'],
  strategy: {
    returnsDeletedObject: true,
    warnings: ({ metadata }) =>
      metadata?.annotations?.[ENFORCE_SECRETS] === undefined
        ? []
        : [
            `metadata.annotations[${ENFORCE_SECRETS}]: deprecated in v1.32+; prefer separate namespaces to isolate access to mounted secrets`,
          ],
  },
  columns: [nameColumn, { name: 'Secrets', value: (account) => account.secrets?.length ?? 0 }, ageColumn],
})

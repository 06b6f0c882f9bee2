// The ServiceAccount: who a pod is, to the API. Upstream: kubernetes/pkg/registry/core/serviceaccount.

import type { ServiceAccount as Wire } from 'kubernetes-types/core/v1'
import { defineKind } from './define-kind.ts'

const ENFORCE_SECRETS = 'kubernetes.io/enforce-mountable-secrets'

export const ServiceAccount = defineKind<Wire>({
  version: 'v1',
  kind: 'ServiceAccount',
  plural: 'serviceaccounts',
  shortNames: ['sa'],
  subresources: ['token'],
  strategy: {
    returnsDeletedObject: true,
    prepareForCreate: nameSecretsOnly,
    prepareForUpdate: nameSecretsOnly,
    warnings: ({ metadata }, previous) =>
      metadata?.annotations?.[ENFORCE_SECRETS] === undefined ||
      previous?.metadata?.annotations?.[ENFORCE_SECRETS] !== undefined
        ? []
        : [
            `metadata.annotations[${ENFORCE_SECRETS}]: deprecated in v1.32+; prefer separate namespaces to isolate access to mounted secrets`,
          ],
  },
})

/** Secrets are of its namespace: all that a reference says beside their names is forgotten. */
function nameSecretsOnly(account: Wire): void {
  if (account.secrets) account.secrets = account.secrets.map(({ name }) => ({ ...(name ? { name } : {}) }))
}

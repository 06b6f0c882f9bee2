// Tokens of the pod's service account, for a driver that fetches something in the pod's name.
// Upstream: podServiceAccountTokenAttrs in pkg/volume/csi/csi_mounter.go.

import type { Pod } from 'kubernetes-types/core/v1'
import type { CSIDriver } from 'kubernetes-types/storage/v1'
import { timestampOf } from '../timestamp.ts'
import type { VolumePorts } from './volume-plugin.ts'

const TOKENS = 'csi.storage.k8s.io/serviceAccount.tokens'

/** Among the volume's attributes, which drivers like to log, unless the driver asks for them among the secrets. */
export async function tokensFor(
  pod: Pod,
  driver: CSIDriver | undefined,
  { objects }: VolumePorts,
): Promise<{ context?: Record<string, string>; secrets?: Record<string, string> }> {
  const { tokenRequests = [], serviceAccountTokenInSecrets } = (driver?.spec ?? {}) as CSIDriver['spec'] & {
    serviceAccountTokenInSecrets?: boolean
  }
  if (tokenRequests.length === 0) return {}
  const tokens = await Promise.all(
    tokenRequests.map(async ({ audience = '', expirationSeconds = 3600 }) => {
      const { token, expiresAt } = await objects.token({
        namespace: pod.metadata?.namespace ?? '',
        serviceAccount: pod.spec?.serviceAccountName ?? 'default',
        audience,
        expirationSeconds,
        pod: { name: pod.metadata?.name ?? '', uid: pod.metadata?.uid ?? '' },
      })
      return [audience, { token, expirationTimestamp: timestampOf(expiresAt) }] as const
    }),
  )
  const told = { [TOKENS]: JSON.stringify(Object.fromEntries(tokens)) }
  return serviceAccountTokenInSecrets ? { secrets: told } : { context: told }
}

// How far a request for a certificate is.

import type { CertificateSigningRequest } from 'kubernetes-types/certificates/v1'

export const hasCondition = ({ status }: CertificateSigningRequest, type: string): boolean =>
  (status?.conditions ?? []).some((condition) => condition.type === type && condition.status === 'True')

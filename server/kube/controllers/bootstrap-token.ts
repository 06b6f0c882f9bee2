// What is in the Secret of a bootstrap token: `bootstrap-token-<id>` in kube-system. Upstream: k8s.io/cluster-bootstrap.

import type { Secret } from 'kubernetes-types/core/v1'

const TYPE = 'bootstrap.kubernetes.io/token'
/** As RFC 3339 writes it: a day alone is none. */
const WHOLE_TIME = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d([.,]\d+)?(Z|[+-]\d\d:\d\d)$/
const NAME = /^bootstrap-token-([a-z0-9]{6})$/

export const isBootstrapToken = ({ metadata, type }: Secret) => metadata?.namespace === 'kube-system' && type === TYPE

export const bootstrapIdInName = ({ metadata }: Secret) => NAME.exec(metadata?.name ?? '')?.[1]

export const bootstrapData = ({ data }: Secret, key: string) =>
  Buffer.from(data?.[key] ?? '', 'base64').toString('utf8')

/** For how long the token is good; Infinity when nobody has said. What is no time has never been good. */
export function bootstrapTimeLeftMs(secret: Secret, now: number): number {
  const expiration = bootstrapData(secret, 'expiration')
  if (expiration === '') return Number.POSITIVE_INFINITY
  return ((WHOLE_TIME.test(expiration) && Date.parse(expiration)) || 0) - now
}

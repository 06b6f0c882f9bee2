// Which plug-ins are asked, and what some of them must know from outside.

import type { Toleration } from 'kubernetes-types/core/v1'
import type { ClientConfig } from '../../client/kubeconfig.ts'
import { ON_BY_DEFAULT, type PluginName } from './plugin-names.ts'
import { type Exemptions, NOBODY_EXEMPT } from './pod-security/exemptions.ts'
import type { Policy } from './pod-security/policy.ts'
import type { LimitedResource } from './quota/limited.ts'

export interface EventLimit {
  type: 'Server' | 'Namespace' | 'User' | 'SourceAndObject'
  qps: number
  burst: number
  /** Of buckets that are kept. */
  cacheSize: number
}

export interface ImagePolicySettings {
  config: ClientConfig
  allowTtlMs: number
  denyTtlMs: number
  defaultAllow: boolean
}

/** How the server proves to a webhook who it is, by the webhook's host. */
export type CredentialsOf = (host: string, port: number) => Credentials
export interface Credentials {
  certificate?: { certPem: string; keyPem: string }
  token?: string
}

export interface AdmissionSettings {
  enabled: ReadonlySet<PluginName>
  podSecurity: { defaults?: Policy; exemptions: Exemptions }
  /** `clusterDefaultNodeSelector`, and what pods of a namespace may select, as selectors are written. */
  podNodeSelector: Readonly<Record<string, string>>
  podTolerations: { default: Toleration[]; whitelist: Toleration[] }
  eventLimits: readonly EventLimit[]
  imagePolicy?: ImagePolicySettings
  /** What nobody may use without a quota for it. */
  limitedResources: readonly LimitedResource[]
  mutatingWebhooks: CredentialsOf
  validatingWebhooks: CredentialsOf
}

const anonymous: CredentialsOf = () => ({})

export const USUAL_ADMISSION: AdmissionSettings = {
  enabled: ON_BY_DEFAULT,
  podSecurity: { exemptions: NOBODY_EXEMPT },
  podNodeSelector: {},
  podTolerations: { default: [], whitelist: [] },
  eventLimits: [],
  limitedResources: [],
  mutatingWebhooks: anonymous,
  validatingWebhooks: anonymous,
}

// The plug-ins, in the order they run, which is upstream's (pkg/kubeapiserver/options/plugins.go). To add one: write its
// file, add it here.

import type { Client } from '../../client/client.ts'
import type { Authorization } from '../authorization/index.ts'
import type { AdmissionPlugin } from './admission.ts'
import { certificateApproval, certificateSigning, certificateSubjectRestriction } from './certificates.ts'
import { defaultIngressClass, defaultStorageClass } from './default-classes.ts'
import { defaultTolerationSeconds } from './default-toleration-seconds.ts'
import { limitRanger } from './limit-ranger.ts'
import { namespaceLifecycle } from './namespace-lifecycle.ts'
import { nodeRestriction } from './node-restriction.ts'
import { persistentVolumeClaimResize } from './persistent-volume-claim-resize.ts'
import { podSecurity } from './pod-security/index.ts'
import { mutatingAdmissionPolicy } from './policies/mutating.ts'
import { validatingAdmissionPolicy } from './policies/validating.ts'
import { priority } from './priority.ts'
import { resourceQuota } from './quota/index.ts'
import { rbacEscalation } from './rbac-escalation.ts'
import { runtimeClass } from './runtime-class.ts'
import { serviceAccount } from './service-account.ts'
import { storageObjectInUseProtection } from './storage-object-in-use-protection.ts'
import { taintNodesByCondition } from './taint-nodes-by-condition.ts'
import { mutatingWebhooks, validatingWebhooks, type WebhookOptions } from './webhooks/index.ts'

export interface PluginOptions extends Omit<WebhookOptions, 'authorizers'> {
  authorization: Authorization
  /** Writes as the server itself. */
  client: () => Client
}

export const admissionPlugins = ({ authorization, client, ...webhooks }: PluginOptions): readonly AdmissionPlugin[] => [
  namespaceLifecycle,
  limitRanger,
  serviceAccount,
  nodeRestriction,
  taintNodesByCondition,
  podSecurity,
  priority,
  defaultTolerationSeconds,
  defaultStorageClass,
  storageObjectInUseProtection,
  persistentVolumeClaimResize,
  runtimeClass,
  certificateApproval(authorization),
  certificateSigning(authorization),
  certificateSubjectRestriction,
  defaultIngressClass,
  rbacEscalation(authorization),
  mutatingAdmissionPolicy(authorization.chain, webhooks.schemas),
  mutatingWebhooks({ ...webhooks, authorizers: authorization.chain }),
  validatingAdmissionPolicy(authorization.chain),
  validatingWebhooks({ ...webhooks, authorizers: authorization.chain }),
  resourceQuota(client),
]

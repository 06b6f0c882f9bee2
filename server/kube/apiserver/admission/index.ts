// The plug-ins, in the order they run, which is upstream's (pkg/kubeapiserver/options/plugins.go). To add one: write its
// file, add it here.

import type { Client } from '../../client/client.ts'
import type { Authorization } from '../authorization/index.ts'
import type { AdmissionPlugin } from './admission.ts'
import type { AdmissionMetrics } from './admission-metrics.ts'
import { certificateApproval, certificateSigning, certificateSubjectRestriction } from './certificates.ts'
import { defaultIngressClass, defaultStorageClass } from './default-classes.ts'
import { defaultTolerationSeconds } from './default-toleration-seconds.ts'
import { deviceAdminAccess } from './device-admin-access.ts'
import { deviceStatusRights } from './device-status-rights.ts'
import { limitRanger } from './limit-ranger.ts'
import { namespaceLifecycle } from './namespace-lifecycle.ts'
import { nodeDeclaredFeatures } from './node-declared-features.ts'
import { nodeRestriction } from './node-restriction.ts'
import { eventRateLimit } from './off-by-default/event-rate-limit.ts'
import { imagePolicyWebhook } from './off-by-default/image-policy-webhook.ts'
import { namespaceAutoProvision, namespaceExists } from './off-by-default/namespaces.ts'
import { ownerReferences } from './off-by-default/owner-references.ts'
import { podNodeSelector } from './off-by-default/pod-node-selector.ts'
import { podTolerationRestriction } from './off-by-default/pod-toleration-restriction.ts'
import {
  alwaysAdmit,
  alwaysDeny,
  alwaysPullImages,
  denyServiceExternalIPs,
  extendedResourceToleration,
  limitPodHardAntiAffinityTopology,
} from './off-by-default/small.ts'
import { persistentVolumeClaimResize } from './persistent-volume-claim-resize.ts'
import type { PluginName } from './plugin-names.ts'
import { podSecurity } from './pod-security/index.ts'
import { podTopologyLabels } from './pod-topology-labels.ts'
import { mutatingAdmissionPolicy } from './policies/mutating.ts'
import { validatingAdmissionPolicy } from './policies/validating.ts'
import { priority } from './priority.ts'
import { resourceQuota } from './quota/index.ts'
import { rbacEscalation } from './rbac-escalation.ts'
import { runtimeClass } from './runtime-class.ts'
import { serviceAccount } from './service-account.ts'
import type { AdmissionSettings } from './settings.ts'
import { storageObjectInUseProtection } from './storage-object-in-use-protection.ts'
import { taintNodesByCondition } from './taint-nodes-by-condition.ts'
import { mutatingWebhooks, validatingWebhooks, type WebhookOptions } from './webhooks/index.ts'

export interface PluginOptions extends Omit<WebhookOptions, 'authorizers' | 'credentialsOf'> {
  authorization: Authorization
  settings: AdmissionSettings
  metrics: AdmissionMetrics
  /** Writes as the server itself. */
  client: () => Client
}

/** What upstream does in the registries of kinds cannot be turned off. */
const IN_REGISTRIES: ReadonlySet<string> = new Set(['RBACEscalation', 'DeviceAdminAccess', 'DeviceStatusRights'])

/** Those that are asked. */
export function admissionPlugins(options: PluginOptions): readonly AdmissionPlugin[] {
  const { authorization, client, settings, ...others } = options
  const webhooks = { ...others, authorizers: authorization.chain }
  const { mutatingWebhooks: mutating, validatingWebhooks: validating } = settings
  const all = [
    alwaysAdmit,
    namespaceAutoProvision(client),
    namespaceLifecycle,
    namespaceExists,
    limitPodHardAntiAffinityTopology,
    limitRanger,
    serviceAccount,
    nodeRestriction,
    taintNodesByCondition,
    alwaysPullImages,
    imagePolicyWebhook(settings.imagePolicy),
    podSecurity(settings.podSecurity),
    podNodeSelector(settings.podNodeSelector),
    priority,
    defaultTolerationSeconds,
    podTolerationRestriction(settings.podTolerations),
    eventRateLimit(settings.eventLimits),
    extendedResourceToleration,
    defaultStorageClass,
    storageObjectInUseProtection,
    ownerReferences(authorization.chain),
    persistentVolumeClaimResize,
    runtimeClass,
    certificateApproval(authorization),
    certificateSigning(authorization),
    certificateSubjectRestriction,
    defaultIngressClass,
    denyServiceExternalIPs,
    podTopologyLabels,
    nodeDeclaredFeatures,
    rbacEscalation(authorization),
    deviceAdminAccess,
    deviceStatusRights(authorization),
    mutatingAdmissionPolicy(authorization.chain, others.schemas, others.metrics),
    mutatingWebhooks({ ...webhooks, credentialsOf: mutating }),
    validatingAdmissionPolicy(authorization.chain, others.metrics),
    validatingWebhooks({ ...webhooks, credentialsOf: validating }),
    resourceQuota(client, settings.limitedResources),
    alwaysDeny,
  ]
  return all.filter(({ name }) => IN_REGISTRIES.has(name) || settings.enabled.has(name as PluginName))
}

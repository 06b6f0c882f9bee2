// The loops of kube-controller-manager, all of them, in one list.
//
// To add one: a folder with its reconciler and the lines that say what wakes it, and one line here.

import type { ControllerDefinition } from '../client/controller-builder.ts'
import type { AnyKind } from '../kinds/define-kind.ts'
import { attachDetachController } from './attachdetach/index.ts'
import { bootstrapSigner } from './bootstrap-signer/index.ts'
import {
  certificateApprovingController,
  certificateCleaningController,
  certificateSigningController,
  type Renewals,
  type SignCertificate,
} from './certificates/index.ts'
import { chosenControllers } from './chosen.ts'
import { clusterRoleAggregationController } from './clusterrole-aggregation/index.ts'
import { cronJobController } from './cronjob/index.ts'
import { daemonSetController } from './daemonset/index.ts'
import { deploymentController } from './deployment/index.ts'
import { descheduler } from './descheduler/index.ts'
import { type DeschedulerPolicy, readDeschedulerPolicy } from './descheduler/policy.ts'
import { deviceTaintEvictionController } from './device-taint-eviction/index.ts'
import { localPathProvisioner, sharedDirectoryProvisioner } from './directory-provisioner/index.ts'
import { disruptionController, staleDisruptionController } from './disruption/index.ts'
import { endpointsController } from './endpoints/index.ts'
import { endpointSliceController } from './endpointslice/index.ts'
import { endpointSliceMirroringController } from './endpointslice-mirroring/index.ts'
import { ephemeralVolumeController } from './ephemeral-volume/index.ts'
import { garbageCollector } from './garbage-collector/index.ts'
import { jobController } from './job/index.ts'
import { legacyTokenCleaner } from './legacy-serviceaccount-token-cleaner/index.ts'
import { namespaceController } from './namespace/index.ts'
import { nodeIpamController } from './node-ipam/index.ts'
import { type EvictionRates, UPSTREAM_RATES } from './node-lifecycle/eviction-zones.ts'
import { nodeLifecycleController } from './node-lifecycle/index.ts'
import { persistentVolumeBinder } from './persistentvolume/index.ts'
import { persistentVolumeExpander } from './persistentvolume-expander/index.ts'
import { podGarbageCollector } from './pod-garbage-collector/index.ts'
import { podAutoscaler } from './podautoscaler/index.ts'
import { volumeProtectionController } from './pv-protection/index.ts'
import { claimProtectionController } from './pvc-protection/index.ts'
import { replicaSetController, replicationController } from './replicaset/index.ts'
import { resourceClaimController } from './resourceclaim/index.ts'
import { resourceQuotaController } from './resourcequota/index.ts'
import { rootCaCertificatePublisher } from './root-ca-certificate-publisher/index.ts'
import { type LoadBalancerAddresses, serviceLbController } from './service-lb/index.ts'
import { serviceAccountController } from './serviceaccount/index.ts'
import { type SignLegacyToken, serviceAccountTokenController } from './serviceaccount-token/index.ts'
import { serviceCidrController } from './servicecidr/index.ts'
import { statefulSetController } from './statefulset/index.ts'
import { taintEvictionController } from './taint-eviction/index.ts'
import { tokenCleaner } from './token-cleaner/index.ts'
import { ttlController } from './ttl/index.ts'
import { ttlAfterFinishedController } from './ttl-after-finished/index.ts'
import { attributesClassProtectionController } from './volumeattributesclass-protection/index.ts'

export { readDeschedulerPolicy }

export interface ControllerOptions {
  /** Upstream's `--controllers`; `*` unless told. */
  controllers?: string
  /** The kinds that are collected with their owners and deleted with their namespace. */
  kinds: readonly AnyKind[]
  /** Each node gets a /24 out of it for its pods. */
  clusterCidr: string
  /** Load balancers get their addresses out of it; without it they stay pending, as where there is no cloud. */
  loadBalancers?: LoadBalancerAddresses
  /** Published in every namespace for pods to trust the API server by. */
  rootCaPem: string
  /** By the cluster's own authority; without it nothing is signed. */
  signCertificate?: SignCertificate
  /** What machines get again by nobody's hand; without it only what upstream grants. */
  renewals?: Renewals
  /** By the key of all service accounts' tokens; without it Secrets that ask for a token stay empty. */
  signLegacyToken?: SignLegacyToken
  /** A node that has not been heard of for so long is not ready; 40 s unless told. */
  nodeMonitorGracePeriodMs?: number
  /** The same for a node that has never reported; 60 s unless told. */
  nodeStartupGracePeriodMs?: number
  /** How often nodes are looked at; 5 s unless told. */
  nodeMonitorPeriodMs?: number
  /** How fast nodes are given up; upstream's rates unless told. */
  evictionRates?: EvictionRates
  /** What the descheduler does, where it runs; all that it can unless told. */
  deschedulerPolicy?: DeschedulerPolicy
  /** So many finished pods may stay; 12500 unless told. */
  terminatedPodThreshold?: number
  /** So long nobody may use a token that lies in a Secret before it is cleaned up; a year unless told. */
  legacyTokenCleanUpMs?: number
}

export function buildControllers(options: ControllerOptions): ControllerDefinition[] {
  return chosenControllers(allControllers(options), options.controllers ?? '*')
}

function allControllers(options: ControllerOptions): ControllerDefinition[] {
  return [
    deploymentController,
    replicaSetController,
    replicationController,
    statefulSetController,
    daemonSetController,
    jobController,
    cronJobController,
    ttlAfterFinishedController,
    disruptionController(options.kinds),
    staleDisruptionController,
    podAutoscaler(options.kinds),
    endpointsController,
    endpointSliceController,
    endpointSliceMirroringController,
    namespaceController(options.kinds),
    serviceAccountController,
    ...(options.signLegacyToken
      ? [serviceAccountTokenController({ rootCaPem: options.rootCaPem, sign: options.signLegacyToken })]
      : []),
    legacyTokenCleaner(options.legacyTokenCleanUpMs ?? 365 * 24 * 60 * 60 * 1000),
    rootCaCertificatePublisher(options.rootCaPem),
    serviceCidrController,
    ...(options.loadBalancers ? [serviceLbController(options.loadBalancers)] : []),
    nodeIpamController(options.clusterCidr),
    nodeLifecycleController({
      gracePeriodMs: options.nodeMonitorGracePeriodMs ?? 40_000,
      startupGracePeriodMs: options.nodeStartupGracePeriodMs ?? 60_000,
      monitorPeriodMs: options.nodeMonitorPeriodMs ?? 5_000,
      rates: options.evictionRates ?? UPSTREAM_RATES,
    }),
    taintEvictionController,
    deviceTaintEvictionController,
    ttlController,
    clusterRoleAggregationController,
    resourceQuotaController(options.kinds),
    certificateApprovingController(options.renewals),
    ...(options.signCertificate ? [certificateSigningController(options.signCertificate)] : []),
    certificateCleaningController,
    bootstrapSigner,
    tokenCleaner,
    persistentVolumeBinder,
    persistentVolumeExpander,
    ephemeralVolumeController,
    resourceClaimController,
    attachDetachController,
    localPathProvisioner,
    sharedDirectoryProvisioner,
    claimProtectionController,
    volumeProtectionController,
    attributesClassProtectionController,
    garbageCollector(options.kinds),
    descheduler(options.deschedulerPolicy),
    podGarbageCollector(options.terminatedPodThreshold ?? 12_500),
  ]
}

// The loops of kube-controller-manager, all of them, in one list.
//
// To add one: a folder with its reconciler and the lines that say what wakes it, and one line here.

import type { ControllerDefinition } from '../client/controller-builder.ts'
import type { AnyKind } from '../kinds/define-kind.ts'
import { deploymentController } from './deployment/index.ts'
import { replicaSetController } from './replicaset/index.ts'

export interface ControllerOptions {
  /** The kinds that are collected with their owners and deleted with their namespace. */
  kinds: readonly AnyKind[]
  /** Each node gets a /24 out of it for its pods. */
  clusterCidr: string
  /** Published in every namespace for pods to trust the API server by. */
  rootCaPem: string
  /** A node that has not been heard of for so long is not ready; 40 s unless told. */
  nodeMonitorGracePeriodMs?: number
  /** How often nodes are looked at; 5 s unless told. */
  nodeMonitorPeriodMs?: number
  /** So many finished pods may stay; 12500 unless told. */
  terminatedPodThreshold?: number
}

export function buildControllers(_options: ControllerOptions): ControllerDefinition[] {
  return [deploymentController, replicaSetController]
}

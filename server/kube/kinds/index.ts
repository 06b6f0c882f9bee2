// Every kind the server knows. To add one: write its file, add it to the list.

import { ClusterRole } from './cluster-role.ts'
import { ClusterRoleBinding } from './cluster-role-binding.ts'
import { ConfigMap } from './config-map.ts'
import type { AnyKind } from './define-kind.ts'
import { Deployment } from './deployment.ts'
import { EndpointSlice } from './endpoint-slice.ts'
import { Endpoints } from './endpoints.ts'
import { Event } from './event.ts'
import { HorizontalPodAutoscaler } from './horizontal-pod-autoscaler.ts'
import { Lease } from './lease.ts'
import { Namespace } from './namespace.ts'
import { Node } from './node.ts'
import { Pod } from './pod.ts'
import { ReplicaSet } from './replica-set.ts'
import { Role } from './role.ts'
import { RoleBinding } from './role-binding.ts'
import { Secret } from './secret.ts'
import { Service } from './service.ts'
import { ServiceAccount } from './service-account.ts'

export {
  ClusterRole,
  ClusterRoleBinding,
  ConfigMap,
  Deployment,
  EndpointSlice,
  Endpoints,
  Event,
  HorizontalPodAutoscaler,
  Lease,
  Namespace,
  Node,
  Pod,
  ReplicaSet,
  Role,
  RoleBinding,
  Secret,
  Service,
  ServiceAccount,
}

export const builtInKinds: readonly AnyKind[] = [
  ConfigMap,
  Endpoints,
  Event,
  Namespace,
  Node,
  Pod,
  Secret,
  Service,
  ServiceAccount,
  Deployment,
  ReplicaSet,
  HorizontalPodAutoscaler,
  Lease,
  EndpointSlice,
  Role,
  RoleBinding,
  ClusterRole,
  ClusterRoleBinding,
]

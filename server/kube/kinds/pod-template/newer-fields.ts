// Fields of pods that Kubernetes has and the package of types does not know yet.

import type * as core from 'kubernetes-types/core/v1'

export interface PodSpec extends Omit<core.PodSpec, 'containers' | 'initContainers' | 'volumes' | 'securityContext'> {
  containers: Container[]
  initContainers?: Container[]
  volumes?: Volume[]
  securityContext?: PodSecurityContext
  /** For all containers together. */
  resources?: core.ResourceRequirements
  hostnameOverride?: string
}

export interface Container extends Omit<core.Container, 'env' | 'envFrom' | 'lifecycle'> {
  env?: EnvVar[]
  envFrom?: core.EnvFromSource[]
  lifecycle?: core.Lifecycle & { stopSignal?: string }
  restartPolicyRules?: RestartRule[]
}

export interface EnvVar extends Omit<core.EnvVar, 'valueFrom'> {
  valueFrom?: core.EnvVarSource & { fileKeyRef?: FileKeySelector }
}

export interface FileKeySelector {
  volumeName: string
  path: string
  key: string
  optional?: boolean
}

export interface RestartRule {
  action: string
  exitCodes?: { operator: string; values?: number[] }
}

export interface Volume extends core.Volume {
  image?: { reference?: string; pullPolicy?: string }
}

export interface PodSecurityContext extends core.PodSecurityContext {
  supplementalGroupsPolicy?: string
  seLinuxChangePolicy?: string
}

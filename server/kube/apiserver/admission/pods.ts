// Pods, as plug-ins meet them: themselves, and in the templates of whoever makes them.

import type { Container, Pod, PodSpec, PodTemplateSpec } from 'kubernetes-types/core/v1'
import type { KubeObject, ObjectMeta } from '../../apimachinery/object-meta.ts'
import type { AdmissionRequest } from './admission.ts'

export const MIRROR = 'kubernetes.io/config.mirror'

/** A kubelet's picture of a pod that it runs by itself, whatever the API says. */
export const isMirrorPod = (pod: Pod): boolean => pod.metadata?.annotations?.[MIRROR] !== undefined

export const isPod = ({ kind, subresource }: AdmissionRequest): boolean =>
  kind.kind === 'Pod' && kind.group === '' && subresource === ''

export function allContainers(spec: PodSpec): Container[] {
  return [
    ...(spec.initContainers ?? []),
    ...(spec.containers ?? []),
    ...(spec.ephemeralContainers ?? []),
  ] as Container[]
}

const TEMPLATES = new Set([
  'replicationcontrollers',
  'replicasets',
  'deployments',
  'statefulsets',
  'daemonsets',
  'jobs',
])

interface MakesPods extends KubeObject {
  template?: PodTemplateSpec
  spec?: { template?: PodTemplateSpec; jobTemplate?: { spec?: { template?: PodTemplateSpec } } }
}

/** The template in an object that makes pods; undefined for all others. */
export function podTemplateOf({
  kind,
  object,
}: AdmissionRequest): { metadata?: ObjectMeta; spec: PodSpec } | undefined {
  const told = object as MakesPods | undefined
  let template: PodTemplateSpec | undefined
  if (kind.plural === 'podtemplates') template = told?.template
  else if (kind.plural === 'cronjobs') template = told?.spec?.jobTemplate?.spec?.template
  else if (TEMPLATES.has(kind.plural)) template = told?.spec?.template
  return template?.spec
    ? { ...(template.metadata ? { metadata: template.metadata } : {}), spec: template.spec }
    : undefined
}

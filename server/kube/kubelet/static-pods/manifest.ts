// From a manifest to the pods that this node runs because of it. A static pod is known by what stands in its manifest: a
// changed one is another pod. Upstream: pkg/kubelet/config/common.go.

import { createHash } from 'node:crypto'
import type { PodList, Pod as PodObject, Toleration } from 'kubernetes-types/core/v1'
import { parse } from 'yaml'
import { isJsonObject } from '../../apimachinery/json.ts'
import { AS_GO_READS } from '../../apimachinery/yaml.ts'
import { Pod } from '../../kinds/pod.ts'
import { referencesOf } from '../../kinds/pod-template/references.ts'
import { timestampOf } from '../timestamp.ts'

export const HASH = 'kubernetes.io/config.hash'
const SOURCE = 'kubernetes.io/config.source'
const SEEN = 'kubernetes.io/config.seen'

export interface ManifestOrigin {
  source: 'file' | 'http'
  /** The file's path, or the address. */
  from: string
  nodeName: string
  now: number
}

/** Rejects whole manifests only, with what is wrong with them. */
export function podsOf(text: string, origin: ManifestOrigin): PodObject[] {
  const object: unknown = parse(text, AS_GO_READS)
  if (!isJsonObject(object) || typeof object.kind !== 'string') {
    throw new Error("couldn't parse as pod (Object 'Kind' is missing), please check config file")
  }
  if (object.apiVersion !== 'v1') {
    throw new Error(`no kind "${object.kind}" is registered for version "${String(object.apiVersion)}"`)
  }
  // One address may name many pods; a file is one.
  if (origin.source === 'http' && object.kind === 'PodList') {
    return (object as unknown as PodList).items.map((pod) => staticPodOf(pod, origin))
  }
  if (object.kind !== 'Pod') throw new Error(`invalid pod: it is a ${object.kind}`)
  return [staticPodOf(object as unknown as PodObject, origin)]
}

function staticPodOf(told: PodObject, { source, from, nodeName, now }: ManifestOrigin): PodObject {
  const { metadata = {}, spec } = told
  // Whoever wrote down what `kubectl get` prints has a revision in it, by which pods of the API are known.
  const { resourceVersion: _, ...kept } = metadata
  const place = source === 'file' ? [`host:${nodeName}`, `file:${from}`] : [`url:${from}`]
  const content = JSON.stringify({ metadata, spec })
  const hash = createHash('md5')
    .update([...place, content].join(''))
    .digest('hex')
  const uid = metadata.uid ?? hash
  const pod: PodObject = {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: {
      ...kept,
      uid,
      name: `${metadata.name}-${nodeName.toLowerCase()}`,
      namespace: metadata.namespace ?? 'default',
      annotations: { ...metadata.annotations, [HASH]: uid, [SOURCE]: source, [SEEN]: timestampOf(now) },
      creationTimestamp: timestampOf(now),
    },
    spec: { containers: [], ...spec, nodeName },
    status: { phase: 'Pending' },
  }
  Pod.strategy.setDefaults?.(pod)
  // It runs here whatever is wrong with the node.
  if (pod.spec && source === 'file') pod.spec.tolerations = [...others(pod.spec.tolerations), STAYS]
  if (!metadata.name) throw new Error('invalid pod: metadata.name: Required value: name or generateName is required')
  const problems = Pod.strategy.validate?.(pod) ?? []
  if (problems.length > 0) {
    throw new Error(`invalid pod: [${problems.map(({ field, message }) => `${field}: ${message}`).join(', ')}]`)
  }
  const [named] = referencesOf(pod)
  if (named) throw new Error(`static pods may not reference ${named.kind}`)
  return pod
}

const STAYS: Toleration = { operator: 'Exists', effect: 'NoExecute' }
const others = (tolerations: Toleration[] = []) =>
  tolerations.filter(({ operator, effect, key }) => !(operator === 'Exists' && effect === 'NoExecute' && !key))

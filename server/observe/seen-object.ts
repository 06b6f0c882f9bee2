// Any object as the lenses draw it: what it is, who owns it, whom it selects, and what its deletion waits for. Pure: from
// the objects of one moment. Selectors are read by the same code that the API server and the loops use.

import {
  formatSelector,
  type KubeObject,
  revisionOf,
  type Selector,
  selectorOfMap,
  selectorOfObject,
} from '../kube/apimachinery/index.ts'
import type { AnyKind } from '../kube/kinds/define-kind.ts'

export interface SeenObject {
  uid: string
  group: string
  resource: string
  kind: string
  namespace: string
  name: string
  labels: Readonly<Record<string, string>>
  owners: { uid: string; kind: string; name: string; controls: boolean }[]
  /** As `kubectl get -o wide` prints it; empty where the object selects nothing. */
  selector: string
  /** The Pods that its selector reaches; of an EndpointSlice, the Pods it names. */
  selects: string[]
  /** In the words of `kubectl get`: `2/3`, `Running`. */
  status: string
  revision: number
  /** Its deletion has been asked for and waits: for finalizers, or for its containers to end. */
  deleting?: { since: string; waitsFor: string[] }
}

export interface Raw {
  kind: AnyKind
  object: KubeObject
}

interface SpecOf extends KubeObject {
  spec?: { selector?: object; finalizers?: string[]; nodeName?: string }
  endpoints?: { targetRef?: { uid?: string } }[]
}

/** The column of `kubectl get` that says most of how an object is. */
const TELLING_COLUMN: Readonly<Record<string, string>> = {
  Pod: 'Status',
  Deployment: 'Ready',
  ReplicaSet: 'Ready',
  StatefulSet: 'Ready',
  DaemonSet: 'Ready',
  Service: 'Cluster-IP',
  EndpointSlice: 'Endpoints',
  Node: 'Status',
  Namespace: 'Status',
}

export function seeObjects(all: readonly Raw[]): SeenObject[] {
  const podsFor = podsBySelector(all.filter(({ kind }) => kind.kind === 'Pod').map(({ object }) => object))
  return all.map(({ kind, object }) => {
    const { uid = '', namespace = '', name = '', labels = {}, ownerReferences = [] } = object.metadata ?? {}
    const selector = selectorIn(kind, object)
    const deleting = deletionOf(object)
    return {
      uid,
      group: kind.group,
      resource: kind.plural,
      kind: kind.kind,
      namespace,
      name,
      labels,
      owners: ownerReferences.map((owner) => ({
        uid: owner.uid,
        kind: owner.kind,
        name: owner.name,
        controls: owner.controller === true,
      })),
      selector: selector ? formatSelector(selector) : '',
      selects: selector ? uidsOf(podsFor(namespace, selector), selector) : namedPods(object),
      status: statusOf(kind, object),
      revision: revisionOf(object),
      ...(deleting ? { deleting } : {}),
    }
  })
}

/** Those of a namespace that a selector may reach: to try each Pod for each selector would take the square of them. */
function podsBySelector(pods: readonly KubeObject[]) {
  const podsOf = Map.groupBy(pods, ({ metadata }) => metadata?.namespace ?? '')
  const carriers = new Map<string, KubeObject[]>()
  for (const pod of pods) {
    for (const [key, value] of Object.entries(pod.metadata?.labels ?? {})) {
      const label = `${pod.metadata?.namespace ?? ''}/${key}=${value}`
      const same = carriers.get(label)
      if (same) same.push(pod)
      else carriers.set(label, [pod])
    }
  }
  return (namespace: string, { requirements }: Selector): readonly KubeObject[] => {
    const asked = requirements.find(({ operator, values }) => operator === 'in' && values.length === 1)
    return (asked ? carriers.get(`${namespace}/${asked.key}=${asked.values[0]}`) : podsOf.get(namespace)) ?? []
  }
}

/** The uids of what a selector reaches. */
export function uidsOf(objects: readonly KubeObject[], selector: Selector): string[] {
  return objects.filter(({ metadata }) => selector.matches(metadata?.labels)).map(({ metadata }) => metadata?.uid ?? '')
}

/** A Service without a selector selects nothing, whatever an empty selector means elsewhere. */
function selectorIn(kind: AnyKind, object: SpecOf): Selector | undefined {
  const selector = object.spec?.selector
  if (!selector || Object.keys(selector).length === 0) return undefined
  return kind.kind === 'Service' ? selectorOfMap(selector as Record<string, string>) : selectorOfObject(selector)
}

const namedPods = ({ endpoints = [] }: SpecOf): string[] =>
  endpoints.flatMap(({ targetRef }) => (targetRef?.uid ? [targetRef.uid] : []))

function statusOf(kind: AnyKind, object: KubeObject): string {
  const telling = TELLING_COLUMN[kind.kind]
  const column = telling === undefined ? undefined : kind.columns.find(({ name }) => name === telling)
  const value = column?.value(object, 0) ?? ''
  // "2 of 3" says more than "2".
  const wanted = kind.kind === 'ReplicaSet' ? kind.columns.find(({ name }) => name === 'Desired') : undefined
  return wanted ? `${value}/${wanted.value(object, 0)}` : String(value)
}

function deletionOf(object: SpecOf): SeenObject['deleting'] {
  const { deletionTimestamp, finalizers = [], deletionGracePeriodSeconds = 0 } = object.metadata ?? {}
  if (!deletionTimestamp) return undefined
  const waitsFor = [...finalizers, ...(object.spec?.finalizers ?? [])].map(finalizerWords)
  if (deletionGracePeriodSeconds > 0 && object.spec?.nodeName) {
    waitsFor.push(`its containers, which have ${deletionGracePeriodSeconds} s to end`)
  }
  return { since: deletionTimestamp, waitsFor }
}

function finalizerWords(finalizer: string): string {
  if (finalizer === 'foregroundDeletion') return 'everything it owns to go first (foregroundDeletion)'
  if (finalizer === 'orphan') return 'everything it owns to be let go (orphan)'
  if (finalizer === 'kubernetes') return 'everything in the namespace to go first (kubernetes)'
  return `somebody to take the finalizer ${finalizer} away`
}

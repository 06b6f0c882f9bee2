// What becomes of a definition: its names are accepted, its resource is served, and only then it is Established. When it
// is deleted, first its objects go. Upstream: apiextensions-apiserver/pkg/controller/{status,establish,finalizer}.

import type {
  CustomResourceDefinitionCondition,
  CustomResourceDefinition as Wire,
} from 'kubernetes-types/apiextensions/v1'
import { isoTime } from '../../../base/clock.ts'
import { deepEqual } from '../../apimachinery/deep.ts'
import { isNotFound } from '../../apimachinery/status-error.ts'
import { type ClusterView, controller } from '../../client/controller-builder.ts'
import type { IndexedCache } from '../../client/indexed-cache.ts'
import type { ReconcileContext, Reconciler, Result } from '../../client/reconcile-context.ts'
import { type ApprovalState, approvalOf } from '../../kinds/custom-resource-definition/api-approval.ts'
import { caBundleProblem } from '../../kinds/custom-resource-definition/ca-bundle.ts'
import { CLEAN_UP, CustomResourceDefinition } from '../../kinds/custom-resource-definition.ts'
import { decideNames } from './accepted-names.ts'
import type { CustomResources } from './custom-resources.ts'

const LOOK_AGAIN_MS = 500
/** Kinds of our own whose objects lie in the store where those of such a definition would. */
const STORED_ELSEWHERE = new Set([
  'apiservices.apiregistration.k8s.io',
  'customresourcedefinitions.apiextensions.k8s.io',
])

/** Names are given one after the other, so there is one worker. */
export const definitionLoop = (resources: CustomResources) =>
  controller('crd')
    .for(CustomResourceDefinition)
    // Names that one lets go, another may be waiting for.
    .watches(CustomResourceDefinition, ({ object }, view) =>
      view
        .cache(CustomResourceDefinition)
        .list()
        .filter((other) => other.spec.group === object.spec.group && !isAccepted(other))
        .map(({ metadata }) => metadata?.name ?? ''),
    )
    .concurrency(1)
    .reconcileWith((view) => new DefinitionReconciler(view, resources))

class DefinitionReconciler implements Reconciler {
  readonly #view: ClusterView
  readonly #definitions: IndexedCache<Wire>
  readonly #resources: CustomResources

  constructor(view: ClusterView, resources: CustomResources) {
    this.#view = view
    this.#definitions = view.cache(CustomResourceDefinition)
    this.#resources = resources
  }

  async reconcile(context: ReconcileContext): Promise<Result> {
    const { key, report, client } = context
    const definition = this.#definitions.get(key)
    if (!definition) return
    report.sees(definition)
    if (definition.metadata?.deletionTimestamp) return this.#finish(context, definition)
    const inGroup = this.#definitions.list().filter((other) => other.spec.group === definition.spec.group)
    const { accepted, isAccepted: hasNames, reason, message } = decideNames(definition, inGroup)
    const conditions = [condition('NamesAccepted', hasNames, reason, message)]
    if (!isTrue(definition, 'Established')) conditions.push(established(definition, hasNames))
    const approval = approvalOf(definition)
    if (approval) conditions.push(conformant(approval))
    const next = this.#withConditions(definition, conditions)
    next.status!.acceptedNames = accepted
    report.wanted = 'names of its own, and to be served'
    report.seen = message
    if (hasNames && isTrue(next, 'Established')) await this.#resources.serve(next)
    if (!deepEqual(next.status, definition.status)) {
      await client.of(CustomResourceDefinition).updateStatus(next)
      report.did.push(hasNames ? 'accepted its names; it is served' : `did not accept its names: ${message}`)
    }
  }

  async #finish(context: ReconcileContext, definition: Wire): Promise<Result> {
    const { report } = context
    const { finalizers = [] } = definition.metadata ?? {}
    if (!finalizers.includes(CLEAN_UP)) return
    report.wanted = 'none of its objects left'
    // Said first: it may take a while.
    const begun = await this.#say(context, definition, IN_PROGRESS)
    const end = await this.#end(context, begun)
    if (!end) return { requeueAfterMs: LOOK_AGAIN_MS }
    const next = this.#withConditions(begun, [end])
    next.metadata = { ...next.metadata, finalizers: finalizers.filter((finalizer) => finalizer !== CLEAN_UP) }
    try {
      await context.client.of(CustomResourceDefinition).updateStatus(next)
      report.did.push('let it go')
    } catch (err) {
      if (!isNotFound(err)) throw err
    }
  }

  /** Why it may go; undefined while objects of it are left. */
  async #end(context: ReconcileContext, definition: Wire): Promise<ReturnType<typeof condition> | undefined> {
    const { report } = context
    if (STORED_ELSEWHERE.has(definition.metadata?.name ?? '')) {
      return terminating(false, 'OverlappingBuiltInResource', 'instances overlap with built-in resources in storage')
    }
    if (!isTrue(definition, 'Established')) {
      return terminating(false, 'NeverEstablished', 'resource was never established')
    }
    const failed = (doing: string) => async (err: Error) => {
      await this.#say(
        context,
        definition,
        terminating(true, 'InstanceDeletionFailed', `could not ${doing}: ${err.message}`),
      )
      throw err
    }
    const instances = await this.#resources.instancesOf(definition)
    await instances.list().catch(failed('list instances'))
    const left = await instances.deleteAll(report.because).catch(failed('issue all deletes'))
    report.seen = `${left} left`
    return left > 0 ? undefined : terminating(false, 'InstanceDeletionCompleted', 'removed all instances')
  }

  async #say({ client }: ReconcileContext, definition: Wire, said: ReturnType<typeof condition>): Promise<Wire> {
    const next = this.#withConditions(definition, [said])
    if (deepEqual(next.status, definition.status)) return definition
    return client.of(CustomResourceDefinition).updateStatus(next)
  }

  /** A copy; a condition that says the same keeps its time. */
  #withConditions(
    definition: Wire,
    changed: readonly Omit<CustomResourceDefinitionCondition, 'lastTransitionTime'>[],
  ): Wire {
    const at = isoTime(this.#view.clock) as unknown as NonNullable<
      CustomResourceDefinitionCondition['lastTransitionTime']
    >
    const conditions = [...(definition.status?.conditions ?? [])]
    for (const one of changed) {
      const index = conditions.findIndex(({ type }) => type === one.type)
      const known = conditions[index]
      const lastTransitionTime = known?.status === one.status ? (known.lastTransitionTime ?? at) : at
      if (index < 0) conditions.push({ lastTransitionTime, ...one })
      else conditions[index] = { ...one, lastTransitionTime }
    }
    const { acceptedNames = { plural: '', kind: '' }, storedVersions = [] } = definition.status ?? {}
    return { ...definition, status: { ...definition.status, acceptedNames, storedVersions, conditions } }
  }
}

const condition = (type: string, isSo: boolean, reason: string, message: string) => ({
  type,
  status: isSo ? 'True' : 'False',
  reason,
  message,
})

function established({ spec }: Wire, hasNames: boolean) {
  const problem = caBundleProblem(spec.conversion?.webhook?.clientConfig?.caBundle)
  if (!hasNames) return condition('Established', false, 'NotAccepted', 'not all names are accepted')
  return problem
    ? condition('Established', false, 'InvalidCABundle', 'The conversion webhook CABundle is invalid')
    : condition('Established', true, 'InitialNamesAccepted', 'the initial names have been accepted')
}

const conformant = ({ state, message }: ApprovalState) =>
  condition('KubernetesAPIApprovalPolicyConformant', state === 'Approved', `${state}Annotation`, message)

const terminating = (isSo: boolean, reason: string, message: string) => condition('Terminating', isSo, reason, message)
const IN_PROGRESS = terminating(true, 'InstanceDeletionInProgress', 'CustomResource deletion is in progress')

const isTrue = ({ status }: Wire, type: string) =>
  status?.conditions?.some((one) => one.type === type && one.status === 'True') ?? false
const isAccepted = (definition: Wire) => isTrue(definition, 'NamesAccepted')

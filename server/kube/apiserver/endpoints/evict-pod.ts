// POST pods/<name>/eviction: delete a pod if its disruption budget allows. `kubectl drain` asks this way.
// Upstream: kubernetes/pkg/registry/core/pod/storage/eviction.go.

import type { Pod } from 'kubernetes-types/core/v1'
import type { PodDisruptionBudget as Budget, Eviction } from 'kubernetes-types/policy/v1'
import { isoTime } from '../../../base/clock.ts'
import { deepCopy } from '../../apimachinery/deep.ts'
import { isJsonObject, type JsonObject } from '../../apimachinery/json.ts'
import { selectorOfObject } from '../../apimachinery/label-selector.ts'
import type { KubeObject } from '../../apimachinery/object-meta.ts'
import { badRequest, fieldError, forbidden, invalid, isConflict, StatusError } from '../../apimachinery/status-error.ts'
import { PodDisruptionBudget } from '../../kinds/pod-disruption-budget.ts'
import { observed } from '../../kinds/pod-template/observed.ts'
import { assertPreconditions, type DeleteRequest } from '../registry/deletion.ts'
import type { Registry } from '../registry/registry.ts'
import type { Answer } from '../request-path/answer.ts'
import { decodeAs, parseBody, readValue } from '../request-path/read-body.ts'
import { readDeleteOptions } from './delete-options.ts'
import type { Endpoints } from './endpoints.ts'
import { admit, assertNamespace, type Call, gateOf, OPEN_GATE } from './object-endpoints.ts'

const EVICTION = { group: 'policy', version: 'v1', kind: 'Eviction' }
/** What older clients send; it has the same fields. */
const OLD_VERSION = 'policy/v1beta1'
const REFUSED = "Cannot evict pod as it would violate the pod's disruption budget."
const UNSAFE = 'ignoreStoreReadErrorWithClusterBreakingPotential'
const MOST_UNCONFIRMED = 2000
/** Of looking anew at a pod that changes while it is looked at. */
const MOST_TRIES = 20

type Preconditions = NonNullable<DeleteRequest['preconditions']>

export async function evictPod(call: Call, { resources }: Pick<Endpoints, 'resources'>): Promise<Answer> {
  const { eviction, ...request } = await readEviction(call)
  await admit(gateOf(call, 'CREATE', request.dryRun, EVICTION), eviction)
  for (let tries = 1; ; tries++) {
    try {
      await evictAsSeen(call, resources.ofKind(PodDisruptionBudget), request)
      break
    } catch (err) {
      const isAsked = request.preconditions?.resourceVersion !== undefined
      if (!isConflict(err) || isAsked || tries === MOST_TRIES) throw err
    }
  }
  return {
    type: 'object',
    code: 201,
    object: { kind: 'Status', apiVersion: 'v1', metadata: {}, status: 'Success', code: 201 },
  }
}

/** What was looked at is what goes: not another pod of the same name, nor one that has become ready meanwhile. */
async function evictAsSeen(
  call: Call,
  registry: Registry | undefined,
  { dryRun, ...options }: DeleteRequest & { dryRun: boolean },
): Promise<void> {
  const { info } = call
  const pod = (await call.registry.get(info.namespace, info.name)).object as Pod
  const budgets = mayGoAnyway(pod) ? [] : budgetsOf(pod, registry)
  if (budgets.length > 1) {
    const why = 'This pod has more than one PodDisruptionBudget, which the eviction subresource does not support.'
    throw new StatusError('Unknown', why)
  }
  const [budget] = budgets
  const isSpared = budget !== undefined && isExempt(pod, budget)
  if (budget && !isSpared) await takeFromBudget(call, registry!, { budget, dryRun })
  const { uid = '', resourceVersion, deletionTimestamp } = pod.metadata ?? {}
  const mayBecomeReady = isSpared || (pod.status?.phase === 'Pending' && !deletionTimestamp)
  let preconditions = { uid, ...(mayBecomeReady ? { resourceVersion } : {}), ...options.preconditions }
  try {
    if (!dryRun) preconditions = { ...preconditions, ...(await tellWhy(call, preconditions)) }
    const asked = { ...options, preconditions }
    await call.registry.delete(call.context, { ...placeOf(call), gate: OPEN_GATE, dryRun, options: asked })
  } catch (err) {
    if (!isConflict(err) || !isSpared || options.preconditions?.resourceVersion) throw err
    throw stillProcessed(budget)
  }
}

const placeOf = ({ info: { namespace, name } }: Call) => ({ namespace, name })

async function readEviction(call: Call): Promise<DeleteRequest & { eviction: Eviction; dryRun: boolean }> {
  const { info, request, schemas } = call
  const sent = await readValue(request, call)
  const value = typeof sent === 'string' ? parseBody(sent) : sent
  if (!isJsonObject(value)) throw badRequest('an Eviction is expected')
  const body: JsonObject = value.apiVersion === OLD_VERSION ? { ...value, apiVersion: 'policy/v1' } : value
  const eviction = decodeAs(schemas, EVICTION, body, { fieldValidation: '' }) as Eviction
  if (eviction.metadata?.name !== info.name) {
    throw badRequest('name in URL does not match name in Eviction object')
  }
  assertNamespace(eviction as KubeObject, info.namespace)
  if (isJsonObject(body.deleteOptions) && body.deleteOptions[UNSAFE] === true) {
    const why = 'can not be set for pod eviction, try after removing the option'
    throw invalid(EVICTION, info.name, [fieldError.invalid(`deleteOptions.${UNSAFE}`, true, why)])
  }
  // Dry is what either says.
  const dryRun = eviction.deleteOptions?.dryRun?.length ? eviction.deleteOptions.dryRun : request.query.getAll('dryRun')
  const deleteOptions = { ...eviction.deleteOptions, dryRun }
  const asked = { ...request, body: { type: 'object' as const, value: deleteOptions } }
  return { eviction, ...(await readDeleteOptions({ request: asked, schemas })) }
}

/** It runs no more, does not run yet, or is going already. */
const mayGoAnyway = ({ metadata, status }: Pod) =>
  metadata?.deletionTimestamp !== undefined || ['Pending', 'Succeeded', 'Failed'].includes(status?.phase ?? '')

function budgetsOf({ metadata }: Pod, registry: Registry | undefined): Budget[] {
  const all = (registry?.cache.all() ?? []).map(({ object }) => object as Budget)
  return all.filter(
    (budget) =>
      budget.metadata?.namespace === metadata?.namespace &&
      budget.spec?.selector !== undefined &&
      selectorOfObject(budget.spec.selector).matches(metadata?.labels),
  )
}

/** A pod that does not work is no loss to those that are counted. */
function isExempt({ status: { conditions = [] } = {} }: Pod, { spec, status }: Budget): boolean {
  if (conditions.some(({ type, status: value }) => type === 'Ready' && value === 'True')) return false
  if (spec?.unhealthyPodEvictionPolicy === 'AlwaysAllow') return true
  const { currentHealthy = 0, desiredHealthy = 0 } = status ?? {}
  return desiredHealthy > 0 && currentHealthy >= desiredHealthy
}

/** Written before the pod goes: two who evict at once cannot spend the same disruption. */
async function takeFromBudget(
  { context, info, admission }: Call,
  registry: Registry,
  { budget, dryRun }: { budget: Budget; dryRun: boolean },
): Promise<void> {
  const { name = '' } = budget.metadata ?? {}
  const gate = admission.gateFor(context, {
    operation: 'UPDATE',
    kind: PodDisruptionBudget,
    requested: PodDisruptionBudget,
    versions: () => [],
    namespace: info.namespace,
    name,
    subresource: 'status',
    dryRun,
  })
  await registry.update(context, {
    namespace: info.namespace,
    name,
    subresource: 'status',
    gate,
    dryRun,
    change: (current) => spent(deepCopy(current) as Budget, { pod: info.name, at: isoTime(context.clock) }),
  })
}

function spent({ status, ...budget }: Budget, { pod, at }: { pod: string; at: string }): KubeObject {
  const { name = '', generation = 0, ...meta } = budget.metadata ?? {}
  const { disruptionsAllowed: allowed = 0, observedGeneration = 0, disruptedPods = {} } = status ?? {}
  const of = { group: 'policy', resource: 'poddisruptionbudgets' }
  if (observedGeneration < generation) {
    throw stillProcessed({ metadata: { name } })
  }
  if (allowed < 0) throw forbidden(of, name, 'pdb disruptions allowed is negative')
  if (Object.keys(disruptedPods).length > MOST_UNCONFIRMED) {
    throw forbidden(of, name, 'DisruptedPods map too big - too many evictions not confirmed by PDB controller')
  }
  if (allowed === 0) {
    const { desiredHealthy = 0, currentHealthy = 0 } = status ?? {}
    const why = `The disruption budget ${name} needs ${desiredHealthy} healthy pods and has ${currentHealthy} currently`
    throw tooManyRequests(why, 0)
  }
  return {
    ...budget,
    metadata: { ...meta, name, generation },
    status: {
      ...status,
      disruptionsAllowed: allowed - 1,
      ...(allowed === 1 ? { conditions: noMore(status ?? {}, at) } : {}),
      disruptedPods: { ...disruptedPods, [pod]: at },
    },
  } as KubeObject
}

function noMore({ conditions = [], observedGeneration }: Partial<NonNullable<Budget['status']>>, at: string) {
  const type = 'DisruptionAllowed'
  const before = conditions.find((one) => one.type === type)
  const lastTransitionTime = before?.status === 'False' ? before.lastTransitionTime : at
  const no = { type, status: 'False', reason: 'InsufficientPods', message: '', observedGeneration, lastTransitionTime }
  return [...conditions.filter((one) => one !== before), no]
}

const tooManyRequests = (message: string, retryAfterSeconds: number) =>
  new StatusError('TooManyRequests', REFUSED, {
    details: {
      causes: [{ reason: 'DisruptionBudget', message }],
      ...(retryAfterSeconds > 0 ? { retryAfterSeconds } : {}),
    },
  })

const stillProcessed = ({ metadata }: Budget) =>
  tooManyRequests(`The disruption budget ${metadata?.name} is still being processed by the server.`, 10)

/** Left in the pod's status for its owner: a Job need not count this as a failure. Resolves with what must be so of the pod now. */
async function tellWhy(call: Call, { uid, resourceVersion }: Preconditions): Promise<Preconditions> {
  const { context, info, registry } = call
  const place = { ...info, subresource: 'status' }
  const told = {
    type: 'DisruptionTarget',
    status: 'True',
    reason: 'EvictionByEvictionAPI',
    message: 'Eviction API: evicting',
    lastTransitionTime: isoTime(context.clock),
  }
  const { object } = await registry.update(context, {
    ...placeOf(call),
    subresource: 'status',
    gate: gateOf({ ...call, info: place }, 'UPDATE', false),
    dryRun: false,
    change: (current) => {
      assertPreconditions(registry.kind, current, {
        preconditions: { ...(uid ? { uid } : {}), ...(resourceVersion ? { resourceVersion } : {}) },
      })
      const { metadata, status, ...rest } = deepCopy(current) as Pod
      const { resourceVersion: _any, ...meta } = metadata ?? {}
      const others = (status?.conditions ?? []).filter(({ type }) => type !== told.type)
      return {
        ...rest,
        metadata: { ...meta, uid, ...(resourceVersion ? { resourceVersion } : {}) },
        status: { ...status, conditions: [...others, { ...told, ...observed(current as Pod) }] },
      } as KubeObject
    },
  })
  return { uid, ...(resourceVersion ? { resourceVersion: object.metadata?.resourceVersion } : {}) }
}

// What must be so when a storm is over and all loops have had their time.

import type { Pod as CorePod } from 'kubernetes-types/core/v1'
import { controllerOf, type KubeObject, keyOf } from '../../apimachinery/object-meta.ts'
import type { Client } from '../../client/client.ts'
import { CronJob } from '../../kinds/cron-job.ts'
import { DaemonSet } from '../../kinds/daemon-set.ts'
import type { AnyKind, Kind } from '../../kinds/define-kind.ts'
import { Deployment } from '../../kinds/deployment.ts'
import { EndpointSlice } from '../../kinds/endpoint-slice.ts'
import { HorizontalPodAutoscaler } from '../../kinds/horizontal-pod-autoscaler.ts'
import { Job } from '../../kinds/job.ts'
import { Namespace } from '../../kinds/namespace.ts'
import { Node } from '../../kinds/node.ts'
import { PersistentVolume } from '../../kinds/persistent-volume.ts'
import { PersistentVolumeClaim } from '../../kinds/persistent-volume-claim.ts'
import { Pod } from '../../kinds/pod.ts'
import { PodDisruptionBudget } from '../../kinds/pod-disruption-budget.ts'
import { ReplicaSet } from '../../kinds/replica-set.ts'
import { ResourceClaim } from '../../kinds/resource-claim.ts'
import { StatefulSet } from '../../kinds/stateful-set.ts'
import { VolumeAttachment } from '../../kinds/volume-attachment.ts'
import { devicesOf } from './invariants.ts'
import { ELASTIC, type Load } from './load.ts'
import { DOOMED_REPLICAS, FIXED_REPLICAS } from './workload.ts'

type All = <T extends KubeObject>(kind: Kind<T>) => Promise<T[]>
type Expect = (isTrue: boolean | undefined, what: string) => void

const isReady = (pod: CorePod) =>
  pod.status?.conditions?.some(({ type, status }) => type === 'Ready' && status === 'True')

const OWNERS: readonly AnyKind[] = [CronJob, Deployment, ReplicaSet, StatefulSet, DaemonSet, Job]

/** What is not yet, or never, as it was asked for. */
export async function unsettled(client: Client, load: Load): Promise<string[]> {
  const all: All = async (kind) => (await client.of(kind).list()).items
  const pods = await all(Pod)
  const sets = await all(ReplicaSet)
  const owners = (await Promise.all(OWNERS.map((kind) => all(kind as never)))).flat() as KubeObject[]
  const nodes = await all(Node)
  const problems: string[] = []
  const expect: Expect = (isTrue, what) => void (isTrue || problems.push(what))
  const of = (owner: KubeObject) => pods.filter((pod) => controllerOf(pod)?.uid === owner.metadata?.uid)

  const uids = new Set(owners.map(({ metadata }) => metadata?.uid))
  for (const object of [...pods, ...owners]) {
    const owner = controllerOf(object)
    expect(!owner || uids.has(owner.uid), `${keyOf(object)} is an orphan of ${owner?.kind} ${owner?.name}`)
    expect(!object.metadata?.deletionTimestamp, `${keyOf(object)} never goes: ${object.metadata?.finalizers}`)
  }
  for (const deployment of await all(Deployment)) {
    const { replicas = 0 } = deployment.spec ?? {}
    const { status = {}, metadata } = deployment
    const counts = [status.replicas, status.updatedReplicas, status.readyReplicas, status.availableReplicas]
    const name = `Deployment ${keyOf(deployment)}`
    expect(status.observedGeneration === metadata?.generation, `${name} was not looked at`)
    expect(
      counts.every((count = 0) => count === replicas),
      `${name} has ${counts}, not ${replicas}`,
    )
    const used = sets.filter((set) => controllerOf(set)?.uid === metadata?.uid && (set.spec?.replicas ?? 0) > 0)
    expect(used.length === Math.min(replicas, 1), `${name} uses ${used.length} ReplicaSets`)
  }
  for (const set of sets) {
    const { replicas = 0 } = set.spec ?? {}
    const own = of(set)
    expect(own.length === replicas && own.every(isReady), `ReplicaSet ${keyOf(set)} has ${own.length}, not ${replicas}`)
    expect(set.status?.replicas === replicas, `ReplicaSet ${keyOf(set)} tells of ${set.status?.replicas}`)
  }
  for (const set of await all(StatefulSet)) {
    const { replicas = 0 } = set.spec ?? {}
    const names = of(set)
      .map(({ metadata }) => metadata?.name)
      .sort()
    const wanted = Array.from({ length: replicas }, (_, ordinal) => `${set.metadata?.name}-${ordinal}`)
    expect(String(names) === String(wanted) && of(set).every(isReady), `StatefulSet ${keyOf(set)} has ${names}`)
    const { readyReplicas = 0, currentRevision, updateRevision } = set.status ?? {}
    expect(
      readyReplicas === replicas && currentRevision === updateRevision,
      `StatefulSet ${keyOf(set)} goes on rolling`,
    )
  }
  for (const set of await all(DaemonSet)) {
    const places = of(set)
      .filter(isReady)
      .map(({ spec }) => spec?.nodeName)
      .sort()
    const wanted = nodes.map(({ metadata }) => metadata?.name).sort()
    expect(String(places) === String(wanted), `DaemonSet ${keyOf(set)} is on ${places}`)
    const { updatedNumberScheduled = 0, observedGeneration } = set.status ?? {}
    const isRolled = updatedNumberScheduled === nodes.length && observedGeneration === set.metadata?.generation
    expect(isRolled, `DaemonSet ${keyOf(set)} goes on rolling`)
  }
  for (const job of await all(Job)) {
    if (controllerOf(job)?.kind === 'CronJob') continue
    const { succeeded, conditions = [], active = 0, completedIndexes } = job.status ?? {}
    const isComplete = conditions.some(({ type, status }) => type === 'Complete' && status === 'True')
    const isRight = isComplete && succeeded === job.spec?.completions && active === 0 && completedIndexes === '0-4'
    expect(isRight, `Job ${keyOf(job)}: ${succeeded} of ${job.spec?.completions}, indexes ${completedIndexes}`)
    const held = of(job).filter(({ metadata }) => metadata?.finalizers?.length)
    expect(held.length === 0, `Job ${keyOf(job)} holds ${held.length} pods that are over`)
  }
  const runs = (await all(Job)).filter((job) => controllerOf(job)?.kind === 'CronJob')
  const isOverNow = ({ status }: (typeof runs)[number]) => status?.conditions?.some(({ type }) => type === 'Complete')
  expect(runs.every(isOverNow), 'a run of CronJob cron never ends')
  expect(runs.length <= 3, `CronJob cron keeps ${runs.length} runs`)
  for (const cron of await all(CronJob)) expect(!cron.status?.active?.length, 'CronJob cron takes a run for active')
  for (const { metadata, spec, status } of nodes) {
    const isWell = status?.conditions?.some(({ type, status: is }) => type === 'Ready' && is === 'True')
    expect(isWell && !spec?.taints?.length, `Node ${metadata?.name} is taken for dead`)
  }
  const slices = (await all(EndpointSlice)).filter(
    ({ metadata }) => metadata?.labels?.['kubernetes.io/service-name'] === 'web',
  )
  const told = slices.flatMap(({ endpoints }) => endpoints.filter(({ conditions }) => conditions?.ready))
  const web = pods.filter((pod) => pod.metadata?.labels?.app === 'web' && isReady(pod))
  const names = (list: (string | undefined)[]) => String(list.sort())
  expect(
    names(told.map(({ targetRef }) => targetRef?.name)) === names(web.map(({ metadata }) => metadata?.name)),
    `the slices of web have ${told.length} endpoints, not ${web.length}`,
  )
  await expectScaled(all, expect, load)
  await expectStored(all, expect)
  const left = sets.filter(({ metadata }) => /^(background|foreground|orphan)-/.test(metadata?.name ?? ''))
  const isLeft = left.length === 1 && left[0]?.metadata?.name?.startsWith('orphan-')
  const replicas = left[0]?.spec?.replicas
  expect(isLeft && !controllerOf(left[0] ?? {}) && replicas === DOOMED_REPLICAS, `orphans are ${left.map(keyOf)}`)
  const rest = (await all(Namespace)).filter(({ metadata }) => metadata?.name === 'temporary')
  expect(rest.length === 0, 'namespace temporary is still there')
  return problems
}

async function expectScaled(all: All, expect: Expect, load: Load): Promise<void> {
  for (const { spec, metadata } of await all(Deployment)) {
    if (metadata?.name === ELASTIC) expect(spec?.replicas === load.replicas, `${ELASTIC} is not ${load.replicas} pods`)
  }
  for (const { status } of await all(HorizontalPodAutoscaler)) {
    const isRight = status?.desiredReplicas === load.replicas && status.currentReplicas === load.replicas
    expect(
      isRight,
      `the autoscaler has ${status?.currentReplicas} and wants ${status?.desiredReplicas}, not ${load.replicas}`,
    )
    const isActive = status?.conditions?.some(({ type, status: is }) => type === 'ScalingActive' && is === 'True')
    expect(isActive, 'the autoscaler does not scale')
  }
  for (const { status } of await all(PodDisruptionBudget)) {
    const { currentHealthy, disruptionsAllowed, disruptedPods = {} } = status ?? {}
    const isRight = currentHealthy === 4 && disruptionsAllowed === 1 && Object.keys(disruptedPods).length === 0
    expect(isRight, `the budget counts ${currentHealthy} pods and lets ${disruptionsAllowed} go`)
  }
}

/** Each claim has its own volume, where its pod is, or its own device; what nobody claims any more has gone. */
async function expectStored(all: All, expect: Expect): Promise<void> {
  const claims = await all(PersistentVolumeClaim)
  const volumes = await all(PersistentVolume)
  const [store] = (await all(StatefulSet)).filter(({ metadata }) => metadata?.name === 'store')
  const wanted = Array.from({ length: store?.spec?.replicas ?? 0 }, (_, ordinal) => `data-store-${ordinal}`)
  for (const name of ['disk', ...wanted]) {
    const claim = claims.find(({ metadata }) => metadata?.name === name)
    const volume = volumes.find(({ metadata }) => metadata?.name === claim?.spec?.volumeName)
    const isBound = claim?.status?.phase === 'Bound' && volume?.status?.phase === 'Bound'
    expect(isBound && !claim.metadata?.deletionTimestamp, `claim ${name} is not bound`)
  }
  for (const { metadata, spec, status } of volumes) {
    const claim = claims.find((one) => one.metadata?.uid === spec?.claimRef?.uid)
    expect(claim?.spec?.volumeName === metadata?.name, `volume ${metadata?.name} is ${status?.phase} without its claim`)
  }
  // Of a pod that was gone before its set was made smaller nobody knows, and its claim stays, as upstream's does.
  const leaving = claims.filter(({ metadata }) => metadata?.ownerReferences?.length)
  expect(leaving.length === 0, `claims ${leaving.map(keyOf)} never go`)
  const devices = (await all(ResourceClaim)).map(devicesOf)
  const isRight = devices.length === FIXED_REPLICAS && new Set(devices.flat()).size === FIXED_REPLICAS
  expect(isRight, `${devices.length} claims have the devices ${devices.flat().sort()}`)
  const attachments = await all(VolumeAttachment)
  const [roaming] = (await all(Pod)).filter(({ metadata }) => metadata?.labels?.app === 'roaming')
  const place = attachments.map(({ spec, status }) => `${spec.nodeName} ${status?.attached}`)
  expect(String(place) === `${roaming?.spec?.nodeName} true`, `the disk is at ${place}`)
}

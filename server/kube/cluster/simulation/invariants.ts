// What must be so at every moment of a simulation, whatever goes wrong, and what must be so in the end.

import type { Pod as CorePod } from 'kubernetes-types/core/v1'
import { controllerOf, type KubeObject, keyOf } from '../../apimachinery/object-meta.ts'
import { quantityOf } from '../../apimachinery/quantity.ts'
import type { Client } from '../../client/client.ts'
import type { SharedInformer } from '../../client/shared-informer.ts'
import { CronJob } from '../../kinds/cron-job.ts'
import { DaemonSet } from '../../kinds/daemon-set.ts'
import type { AnyKind } from '../../kinds/define-kind.ts'
import { Deployment } from '../../kinds/deployment.ts'
import { EndpointSlice } from '../../kinds/endpoint-slice.ts'
import { Job } from '../../kinds/job.ts'
import { Namespace } from '../../kinds/namespace.ts'
import { Node } from '../../kinds/node.ts'
import { Pod } from '../../kinds/pod.ts'
import { ReplicaSet } from '../../kinds/replica-set.ts'
import { StatefulSet } from '../../kinds/stateful-set.ts'
import type { Candidate } from './processes.ts'
import { FIXED_REPLICAS, PARALLELISM } from './workload.ts'

/** Gathers what was wrong at some moment; each thing once. */
export class Watchman {
  readonly problems = new Set<string>()
  readonly #candidates: readonly Candidate[]
  readonly #machineCpu: number

  constructor(
    pods: SharedInformer<CorePod>,
    {
      candidates,
      countsPods,
      machineCpu,
    }: { candidates: readonly Candidate[]; countsPods: boolean; machineCpu: number },
  ) {
    this.#candidates = candidates
    this.#machineCpu = machineCpu
    pods.addHandler(({ type, object }) => {
      this.look()
      // A list that comes anew is told one by one: judged is only the whole.
      if (type === 'deleted' || pods.pending > 0) return
      const owned = pods.cache.controlledBy(controllerOf(object)?.uid).filter(isActive)
      if (countsPods) this.#count(controllerOf(object)?.kind, object.metadata?.labels?.app, owned.length)
      const ofCron = pods.cache.list().filter((pod) => pod.metadata?.labels?.app === 'cron' && isActive(pod))
      if (countsPods && ofCron.length > 1) this.problems.add('CronJob cron runs twice at once')
      const { nodeName } = object.spec ?? {}
      if (nodeName) this.#weigh(nodeName, pods.cache.list())
    })
  }

  look(): void {
    const leaders = Map.groupBy(
      this.#candidates.filter(({ isLeading }) => isLeading),
      ({ component }) => component,
    )
    for (const [component, leading] of leaders) {
      if (leading.length > 1) this.problems.add(`${leading.map(({ name }) => name)} lead as ${component} at once`)
    }
  }

  #count(kind: string | undefined, app: string | undefined, count: number): void {
    const limit = kind === 'Job' ? PARALLELISM : kind === 'ReplicaSet' && app === 'fixed' ? FIXED_REPLICAS : undefined
    if (limit !== undefined && count > limit) this.problems.add(`${kind} ${app} has more than ${limit} pods at once`)
  }

  #weigh(node: string, pods: readonly CorePod[]): void {
    const used = pods
      .filter((pod) => pod.spec?.nodeName === node && !isOver(pod))
      .flatMap(({ spec }) => spec?.containers ?? [])
      .reduce((sum, { resources }) => sum + quantityOf(resources?.requests?.cpu).number, 0)
    if (used > this.#machineCpu + 1e-9) this.problems.add(`${node} has more pods than it has processors for`)
  }
}

const isOver = ({ status }: CorePod) => status?.phase === 'Succeeded' || status?.phase === 'Failed'
const isActive = (pod: CorePod) => !isOver(pod) && !pod.metadata?.deletionTimestamp
const isReady = (pod: CorePod) =>
  pod.status?.conditions?.some(({ type, status }) => type === 'Ready' && status === 'True')

const OWNERS: readonly AnyKind[] = [CronJob, Deployment, ReplicaSet, StatefulSet, DaemonSet, Job]

/** What is not yet, or never, as it was asked for. */
export async function unsettled(client: Client): Promise<string[]> {
  const all = async <T extends KubeObject>(kind: Parameters<typeof client.of<T>>[0]) =>
    (await client.of<T>(kind).list()).items
  const pods = await all(Pod)
  const sets = await all(ReplicaSet)
  const owners = (await Promise.all(OWNERS.map((kind) => all(kind as never)))).flat() as KubeObject[]
  const nodes = await all(Node)
  const problems: string[] = []
  const expect = (isTrue: boolean | undefined, what: string) => void (isTrue || problems.push(what))
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
  const rest = (await all(Namespace)).filter(({ metadata }) => metadata?.name === 'temporary')
  expect(rest.length === 0, 'namespace temporary is still there')
  return problems
}

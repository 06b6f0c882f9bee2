// What must be so at every moment of a simulation, whatever goes wrong.

import type { Pod as CorePod } from 'kubernetes-types/core/v1'

import { controllerOf } from '../../apimachinery/object-meta.ts'
import { quantityOf } from '../../apimachinery/quantity.ts'
import type { SharedInformer } from '../../client/shared-informer.ts'
import type { Claim } from '../../kinds/devices/device-objects.ts'
import type { Machines } from './machines.ts'
import type { People } from './people.ts'
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

  watchDevices(claims: SharedInformer<Claim>): void {
    claims.addHandler(() => {
      if (claims.pending > 0) return
      const used = claims.cache.list().flatMap(devicesOf)
      const twice = used.find((device, at) => used.indexOf(device) !== at)
      if (twice) this.problems.add(`device ${twice} is given to two at once`)
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

  /** Whoever was let go was counted among as many as there should be; so no more can have gone than there were beyond that. */
  judgeEvictions({ evicted }: People, { wereReady }: Machines): void {
    const ready = wereReady.get('fixed')?.size ?? 0
    if (evicted.size > Math.max(0, ready - FIXED_REPLICAS + 1)) {
      this.problems.add(`${evicted.size} pods of fixed were let go, of ${ready} that were ready`)
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

export const devicesOf = ({ status }: Claim): string[] =>
  status?.allocation?.devices?.results?.map(({ device }) => device) ?? []

const isOver = ({ status }: CorePod) => status?.phase === 'Succeeded' || status?.phase === 'Failed'
const isActive = (pod: CorePod) => !isOver(pod) && !pod.metadata?.deletionTimestamp

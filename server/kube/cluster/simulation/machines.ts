// The machines of a simulated cluster, as far as the control plane sees them: pods start, end and go after a while.

import type { Pod as CorePod } from 'kubernetes-types/core/v1'
import { type Clock, isoTime, microTime } from '../../../base/clock.ts'
import { noLogger } from '../../../base/logger.ts'
import { keyOf } from '../../apimachinery/object-meta.ts'
import { isNotFound } from '../../apimachinery/status-error.ts'
import { createClient } from '../../client/client.ts'
import { SharedInformer } from '../../client/shared-informer.ts'
import { Lease } from '../../kinds/lease.ts'
import { Node } from '../../kinds/node.ts'
import { Pod } from '../../kinds/pod.ts'
import { Mounts } from './mounts.ts'
import { isDown, type Network } from './network.ts'

const merge = 'application/merge-patch+json'
const strategic = 'application/strategic-merge-patch+json'

async function addMachine(network: Network, name: string, cpu: string): Promise<void> {
  const nodes = createClient(network.trusted('kubelet')).of(Node)
  const lastTransitionTime = isoTime(network.clock)
  const annotations = { 'volumes.kubernetes.io/controller-managed-attach-detach': 'true' }
  await nodes.create({ metadata: { name, labels: { 'kubernetes.io/hostname': name }, annotations } })
  const capacity = { cpu, memory: '8Gi', pods: '110' }
  const conditions = [{ type: 'Ready', status: 'True', reason: 'KubeletReady', lastTransitionTime }]
  await nodes.patch(
    { name },
    merge,
    { status: { capacity, allocatable: capacity, conditions } },
    { subresource: 'status' },
  )
  await nodes.patch({ name }, merge, { spec: { taints: null } })
}

const HEARTBEAT_MS = 4_000

/** All kubelets. Pods that do not restart end by themselves after a while; those of a dead machine stay as they are. */
export class Machines {
  readonly mounts: Mounts
  /** Pods that were ready at some moment, by their app and uid. */
  readonly wereReady = new Map<string, Set<string>>()
  readonly #network: Network
  readonly #client
  readonly #pods: SharedInformer<CorePod>
  readonly #busy = new Set<string>()
  readonly #dead = new Set<string>()
  readonly #signal: AbortSignal

  constructor(network: Network, signal: AbortSignal) {
    const { clock, dice } = network
    this.#network = network
    this.#signal = signal
    this.#client = createClient(network.trusted('kubelet'))
    this.mounts = new Mounts(this.#client)
    this.#pods = new SharedInformer({ client: this.#client, kind: Pod, clock, random: dice.random, logger: noLogger })
    this.#pods.addHandler(({ type, object }) => {
      if (type !== 'deleted') this.#look(object)
      else void this.#clear(object)
    })
    void this.#pods.start(signal)
  }

  async add(name: string, cpu: string): Promise<void> {
    await addMachine(this.#network, name, cpu)
    void this.#beat(name)
  }

  die(name: string): void {
    this.#dead.add(name)
  }

  revive(name: string): void {
    if (!this.#dead.delete(name)) return
    for (const pod of this.#pods.cache.list()) if (pod.spec?.nodeName === name) this.#look(pod)
  }

  #look(pod: CorePod): void {
    const step = nextStep(pod)
    const key = `${pod.metadata?.uid} ${step}`
    if (!step || this.#busy.has(key) || this.#dead.has(pod.spec?.nodeName ?? '')) return
    this.#busy.add(key)
    void this.#play(pod, step).finally(() => this.#busy.delete(key))
  }

  async #play(pod: CorePod, step: string): Promise<void> {
    const { clock, dice } = this.#network
    const { namespace = '', name = '', uid = '' } = pod.metadata ?? {}
    for (;;) {
      await clock.sleep(100 + dice.below(1_500), this.#signal).catch(() => undefined)
      if (this.#signal.aborted || this.#dead.has(pod.spec?.nodeName ?? '')) return
      try {
        if (step === 'go') {
          await this.mounts.unmount(pod)
          return await this.#client.of(Pod).delete({ namespace, name }, { gracePeriodSeconds: 0, uid })
        }
        if (step === 'end') return await this.#tell(pod, this.#ending(pod))
        const now = this.#pods.cache.get(keyOf(pod))
        if (now?.metadata?.uid !== uid || now.metadata.deletionTimestamp) return
        if (await this.mounts.mount(pod)) return await this.#run(pod)
      } catch (err) {
        // Down servers come back; what is gone or another's is not ours any more.
        if (!isDown(err)) return
      }
    }
  }

  /** Of a pod that went without its machine's leave something may be there for a while. */
  async #clear(pod: CorePod): Promise<void> {
    const { clock, dice } = this.#network
    for (let isDone = false; !isDone && !this.#signal.aborted; ) {
      await clock.sleep(100 + dice.below(3_000), this.#signal).catch(() => undefined)
      if (this.#signal.aborted || this.#dead.has(pod.spec?.nodeName ?? '')) continue
      isDone = await this.mounts.unmount(pod).then(
        () => true,
        (err) => !isDown(err),
      )
    }
  }

  #run(pod: CorePod): Promise<void> {
    const { app = '' } = pod.metadata?.labels ?? {}
    const ofApp = this.wereReady.get(app) ?? new Set()
    this.wereReady.set(app, ofApp.add(pod.metadata?.uid ?? ''))
    return this.#tell(pod, running(this.#network.clock, pod.metadata?.uid ?? ''))
  }

  #ending({ spec }: CorePod): object {
    const { clock, dice, weather } = this.#network
    const fails = spec?.restartPolicy === 'Never' && weather.isBad && dice.chance(0.2)
    return { phase: fails ? 'Failed' : 'Succeeded', conditions: [ready(clock, 'False')] }
  }

  async #tell({ metadata }: CorePod, status: object): Promise<void> {
    const { namespace = '', name = '', uid } = metadata ?? {}
    const pods = this.#client.of(Pod)
    await pods.patch({ namespace, name }, merge, { metadata: { uid }, status }, { subresource: 'status' })
  }

  /** Says that it is there, and that it is well when others think it is not. */
  async #beat(name: string): Promise<void> {
    const { clock } = this.#network
    const leases = this.#client.of(Lease)
    const nodes = this.#client.of(Node)
    const lease = { namespace: 'kube-node-lease', name }
    while (!this.#signal.aborted) {
      if (!this.#dead.has(name)) {
        const spec = { holderIdentity: name, leaseDurationSeconds: 40, renewTime: microTime(clock) }
        try {
          await leases.patch(lease, merge, { spec }).catch((err) => {
            if (!isNotFound(err)) throw err
            return leases.create({ metadata: lease, spec })
          })
          const { status } = await nodes.get({ name })
          const conditions = [{ ...ready(clock, 'True'), reason: 'KubeletReady' }]
          if (status?.conditions?.find(({ type }) => type === 'Ready')?.status !== 'True') {
            await nodes.patch({ name }, strategic, { status: { conditions } }, { subresource: 'status' })
          }
        } catch (err) {
          if (!isDown(err)) throw err
        }
      }
      await clock.sleep(HEARTBEAT_MS, this.#signal).catch(() => undefined)
    }
  }
}

function nextStep({ metadata, spec, status }: CorePod): 'go' | 'run' | 'end' | undefined {
  if (metadata?.deletionTimestamp) return 'go'
  if (!spec?.nodeName) return undefined
  if (status?.phase === 'Pending') return 'run'
  if (status?.phase !== 'Running') return undefined
  if (spec.restartPolicy !== 'Always') return 'end'
  // Somebody thought that its machine was dead.
  return status.conditions?.some(({ type, status: is }) => type === 'Ready' && is === 'False') ? 'run' : undefined
}

const ready = (clock: Clock, status: string) => ({ type: 'Ready', status, lastTransitionTime: isoTime(clock) })

function running(clock: Clock, uid: string) {
  const podIP = `10.244.${Number.parseInt(uid.slice(0, 2), 16)}.${Number.parseInt(uid.slice(2, 4), 16)}`
  const at = isoTime(clock)
  return { phase: 'Running', podIP, podIPs: [{ ip: podIP }], startTime: at, conditions: [ready(clock, 'True')] }
}

// The machines of a simulated cluster, as far as the control plane sees them: pods start, end and go after a while.

import type { Pod as CorePod } from 'kubernetes-types/core/v1'
import { type Clock, isoTime } from '../../../base/clock.ts'
import { noLogger } from '../../../base/logger.ts'
import { createClient } from '../../client/client.ts'
import { SharedInformer } from '../../client/shared-informer.ts'
import { Node } from '../../kinds/node.ts'
import { Pod } from '../../kinds/pod.ts'
import type { Network } from './network.ts'

const merge = 'application/merge-patch+json'

export async function addMachine(network: Network, name: string, cpu: string): Promise<void> {
  const nodes = createClient(network.trusted('kubelet')).of(Node)
  const lastTransitionTime = isoTime(network.clock)
  await nodes.create({ metadata: { name, labels: { 'kubernetes.io/hostname': name } } })
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

/** Plays all kubelets until the signal. Pods that restart never end by themselves after a while. */
export function playMachines(network: Network, signal: AbortSignal): void {
  const { clock, dice } = network
  const client = createClient(network.trusted('kubelet'))
  const pods = new SharedInformer({ client, kind: Pod, clock, random: dice.random, logger: noLogger })
  const busy = new Set<string>()
  pods.addHandler(({ type, object }) => {
    if (type === 'deleted') return
    const step = nextStep(object)
    const key = `${object.metadata?.uid} ${step}`
    if (!step || busy.has(key)) return
    busy.add(key)
    void play(object, step).finally(() => busy.delete(key))
  })
  void pods.start(signal)

  async function play({ metadata }: CorePod, step: string): Promise<void> {
    const { namespace = '', name = '', uid = '' } = metadata ?? {}
    for (;;) {
      await clock.sleep(100 + dice.below(1_500), signal).catch(() => undefined)
      if (signal.aborted) return
      const result = dice.chance(0.2) ? 'Failed' : 'Succeeded'
      try {
        if (step === 'go') return await client.of(Pod).delete({ namespace, name }, { gracePeriodSeconds: 0, uid })
        const status = step === 'run' ? running(clock, uid) : { phase: result, conditions: [ready(clock, 'False')] }
        await client.of(Pod).patch({ namespace, name }, merge, { metadata: { uid }, status }, { subresource: 'status' })
        return
      } catch (err) {
        // Down servers come back; what is gone or another's is not ours any more.
        if (!(err instanceof Error) || !/ECONN/.test(err.message)) return
      }
    }
  }
}

function nextStep({ metadata, spec, status }: CorePod): 'go' | 'run' | 'end' | undefined {
  if (metadata?.deletionTimestamp) return 'go'
  if (!spec?.nodeName) return undefined
  if (status?.phase === 'Pending') return 'run'
  return status?.phase === 'Running' && spec.restartPolicy === 'Never' ? 'end' : undefined
}

const ready = (clock: Clock, status: string) => ({ type: 'Ready', status, lastTransitionTime: isoTime(clock) })

function running(clock: Clock, uid: string) {
  const podIP = `10.244.${Number.parseInt(uid.slice(0, 2), 16)}.${Number.parseInt(uid.slice(2, 4), 16)}`
  const at = isoTime(clock)
  return { phase: 'Running', podIP, podIPs: [{ ip: podIP }], startTime: at, conditions: [ready(clock, 'True')] }
}

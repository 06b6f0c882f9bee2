// The node's heartbeat: one small object, renewed every 10 seconds. Upstream: component-helpers/apimachinery/lease.

import type { Lease as LeaseObject } from 'kubernetes-types/coordination/v1'
import { type Clock, microTime } from '../../base/clock.ts'
import type { Logger } from '../../base/logger.ts'
import { isConflict, isNotFound, StatusError } from '../apimachinery/status-error.ts'
import type { Client } from '../client/client.ts'
import { Lease } from '../kinds/lease.ts'
import { Node } from '../kinds/node.ts'

export interface NodeLeaseOptions {
  nodeName: string
  client: Client
  clock: Clock
  logger: Logger
  random: () => number
  durationSeconds?: number
  /** The API server could not be reached. */
  onBrokenLine?(): void
}

const NAMESPACE = 'kube-node-lease'

export async function keepNodeLease(options: NodeLeaseOptions, signal: AbortSignal): Promise<void> {
  const { nodeName, client, clock, logger, random, durationSeconds = 40 } = options
  const leases = client.of(Lease)
  const renewMs = (durationSeconds * 1000) / 4
  let lease: LeaseObject | undefined

  const renew = async () => {
    const spec = { holderIdentity: nodeName, leaseDurationSeconds: durationSeconds, renewTime: microTime(clock) }
    if (lease) {
      // Over a line that was cut, an answer may take minutes; a fresh connection gets through as soon as it is mended.
      const patience = new AbortController()
      using _late = clock.setTimeout(() => patience.abort(new Error('the lease was not renewed in time')), renewMs)
      lease = await leases.update({ ...lease, spec: { ...lease.spec, ...spec } }, { signal: patience.signal })
      return
    }
    try {
      const found = await leases.get({ namespace: NAMESPACE, name: nodeName })
      lease = await leases.update({ ...found, spec: { ...found.spec, ...spec } })
    } catch (err) {
      if (!isNotFound(err)) throw err
      // Owned by the node, so that it goes when the node goes.
      const { uid = '' } = (await client.of(Node).get({ name: nodeName })).metadata ?? {}
      const ownerReferences = [{ apiVersion: 'v1', kind: 'Node', name: nodeName, uid }]
      lease = await leases.create({ metadata: { namespace: NAMESPACE, name: nodeName, ownerReferences }, spec })
    }
  }

  while (!signal.aborted) {
    let behind = false
    try {
      await renew()
    } catch (err) {
      // What the server said of it is to be read again; a broken line says nothing about the lease.
      if (err instanceof StatusError) lease = undefined
      else options.onBrokenLine?.()
      behind = true
      if (!isConflict(err)) logger.warn('node lease could not be renewed', { node: nodeName, err })
    }
    // A little jitter keeps a hundred nodes that started together apart; more of it those that were sent away together.
    const delayMs = behind ? (renewMs / 5) * (1 + random()) : renewMs * (1 + 0.04 * random())
    await clock.sleep(delayMs, signal).catch(() => undefined)
  }
}

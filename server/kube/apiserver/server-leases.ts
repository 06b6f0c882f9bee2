// Each API server says by a Lease that it is there, and each takes away the Leases of those that have long been silent:
// `kubectl -n kube-system get leases -l apiserver.kubernetes.io/identity` tells how many serve this store.
// Upstream: kubernetes/pkg/controlplane/{apiserver/server.go,controller/apiserverleasegc}.

import { createHash, randomUUID } from 'node:crypto'
import type { Lease as Wire } from 'kubernetes-types/coordination/v1'
import { type Clock, microTime } from '../../base/clock.ts'
import { isNotFound } from '../apimachinery/status-error.ts'
import { controller } from '../client/controller-builder.ts'
import type { ReconcileContext, Reconciler, Result } from '../client/reconcile-context.ts'
import { Lease } from '../kinds/lease.ts'

const NAMESPACE = 'kube-system'
const COMPONENT = { 'apiserver.kubernetes.io/identity': 'kube-apiserver' }
const DURATION_SECONDS = 3600
const RENEW_MS = 10_000
const COLLECT_MS = 3_600_000

export interface ServerIdentity {
  hostName: string
  /** Several servers of one host are told apart by it. */
  port: number
}

export const identityLoop = (identity: ServerIdentity) => {
  const name = leaseNameOf(identity)
  return controller('identity-lease')
    .startsWith(name)
    .concurrency(1)
    .reconcileWith(({ clock }) => new IdentityReconciler(clock, name, identity.hostName))
}

/** Whoever comes back at the same place is the same server. */
export function leaseNameOf({ hostName, port }: ServerIdentity): string {
  return `apiserver-${createHash('sha256').update(`${hostName}:${port}`).digest('hex').slice(0, 26)}`
}

class IdentityReconciler implements Reconciler {
  readonly #clock: Clock
  readonly #metadata
  readonly #holderIdentity: string

  constructor(clock: Clock, name: string, hostName: string) {
    this.#clock = clock
    this.#metadata = { namespace: NAMESPACE, name, labels: { ...COMPONENT, 'kubernetes.io/hostname': hostName } }
    this.#holderIdentity = `${name}_${randomUUID()}`
  }

  async reconcile({ client }: ReconcileContext): Promise<Result> {
    const leases = client.of(Lease)
    const spec = {
      holderIdentity: this.#holderIdentity,
      leaseDurationSeconds: DURATION_SECONDS,
      renewTime: microTime(this.#clock),
    }
    try {
      await leases.patch(this.#metadata, 'application/merge-patch+json', { spec })
    } catch (err) {
      if (!isNotFound(err)) throw err
      await leases.create({ metadata: this.#metadata, spec })
    }
    return { requeueAfterMs: RENEW_MS }
  }
}

export const leaseCollector = controller('lease-garbage-collector')
  .startsWith(NAMESPACE)
  .concurrency(1)
  .reconcileWith(({ clock }) => ({
    async reconcile({ client, report }: ReconcileContext): Promise<Result> {
      const leases = client.of(Lease)
      const [labelSelector] = Object.entries(COMPONENT).map((pair) => pair.join('='))
      const { items } = await leases.list({ namespace: NAMESPACE, labelSelector: labelSelector ?? '' })
      const expired = items.filter((lease) => isExpired(lease, clock.now()))
      report.sees(...expired)
      for (const { metadata } of expired) {
        const { name = '', resourceVersion } = metadata ?? {}
        // It may have been renewed since.
        await leases.delete({ namespace: NAMESPACE, name }, resourceVersion ? { resourceVersion } : {}).catch((err) => {
          if (!isNotFound(err)) throw err
        })
        report.did.push(`deleted ${name}`)
      }
      return { requeueAfterMs: COLLECT_MS }
    },
  }))

/** One that does not say until when is none. */
function isExpired({ spec }: Wire, now: number): boolean {
  const { renewTime, leaseDurationSeconds } = spec ?? {}
  return !renewTime || !leaseDurationSeconds || Date.parse(renewTime) + leaseDurationSeconds * 1000 < now
}

import { BlockList, isIP } from 'node:net'
import { parseCidr } from '../../apimachinery/ip-rules.ts'
import type { KubeObject } from '../../apimachinery/object-meta.ts'
import { type ClusterView, controller } from '../../client/controller-builder.ts'
import type { Lister } from '../../client/indexed-cache.ts'
import type { ReconcileContext, Reconciler, Result } from '../../client/reconcile-context.ts'
import type { Change } from '../../client/shared-informer.ts'
import { IPAddress } from '../../kinds/ip-address.ts'
import { ServiceCIDR, type WireServiceCIDR } from '../../kinds/service-cidr.ts'
import { finalizersFor } from '../protection.ts'

const FINALIZER = 'networking.k8s.io/service-cidr-finalizer'
/** Until every API server has heard that nothing more may be given out. */
const GRACE_MS = 10_000
const READY = { status: 'True', reason: '', message: 'Kubernetes Service CIDR is ready' }
const IN_USE = {
  status: 'False',
  reason: 'Terminating',
  message: 'There are still IPAddresses referencing the ServiceCIDR, please remove them or create a new ServiceCIDR',
}

/**
 * Says that a range of Services' addresses is ready, and keeps a deleted one while addresses are in no other.
 * Upstream: kubernetes/pkg/controller/servicecidrs.
 */
class ServiceCidrReconciler implements Reconciler {
  readonly #view: ClusterView
  readonly #ranges: Lister<WireServiceCIDR>
  readonly #addresses: Lister<KubeObject>

  constructor(view: ClusterView) {
    this.#view = view
    this.#ranges = view.cache(ServiceCIDR)
    this.#addresses = view.cache(IPAddress)
  }

  async reconcile({ key, client, report }: ReconcileContext): Promise<Result> {
    const range = this.#ranges.get(key)
    if (!range) return
    report.sees(range)
    const { deletionTimestamp } = range.metadata ?? {}
    const isUsed = deletionTimestamp !== undefined && this.#isOnlyHome(range)
    report.seen = isUsed
      ? 'addresses are in it and in no other'
      : 'every address is in another as well, or none is in it'
    if (!deletionTimestamp || isUsed) await this.#say(client, range, isUsed ? IN_USE : READY)
    if (isUsed) return
    const leftMs = deletionTimestamp ? Date.parse(deletionTimestamp) + GRACE_MS - this.#view.clock.now() : 0
    if (leftMs > 0) return { requeueAfterMs: leftMs }
    const finalizers = finalizersFor(range, FINALIZER, { isUsed })
    if (!finalizers) return
    const patch = { metadata: { resourceVersion: range.metadata?.resourceVersion, finalizers } }
    await client.of(ServiceCIDR).patch({ name: key }, 'application/merge-patch+json', patch)
    report.did.push(finalizers.includes(FINALIZER) ? 'protected the range' : 'let the range go')
  }

  async #say(client: ReconcileContext['client'], range: WireServiceCIDR, told: typeof READY): Promise<void> {
    const before = range.status?.conditions?.find(({ type }) => type === 'Ready')
    if (before?.status === told.status && (before.reason ?? '') === told.reason && before.message === told.message)
      return
    const isTurned = before?.status !== told.status
    const now = new Date(this.#view.clock.now()).toISOString().replace(/\.\d+/, '')
    const condition = { type: 'Ready', ...told, lastTransitionTime: isTurned ? now : before.lastTransitionTime }
    const patch = { metadata: { uid: range.metadata?.uid }, status: { conditions: [condition] } }
    const name = range.metadata?.name ?? ''
    await client.of(ServiceCIDR).patch({ name }, 'application/merge-patch+json', patch, { subresource: 'status' })
  }

  /** Is an address in this one and in no other? Not asked where another holds all of it. */
  #isOnlyHome(range: WireServiceCIDR): boolean {
    const others = this.#ranges.list().filter(({ metadata }) => metadata?.name !== range.metadata?.name)
    const isWithin = (cidr: string) => others.some((other) => cidrsOf(other).some((outer) => holds(outer, cidr)))
    if (cidrsOf(range).every(isWithin)) return false
    return this.#addresses.list().some(({ metadata }) => {
      const { name = '', labels } = metadata ?? {}
      if (labels?.['ipaddress.kubernetes.io/managed-by'] !== 'ipallocator.k8s.io') return false
      return isIn(range, name) && !others.some((other) => isIn(other, name))
    })
  }
}

const cidrsOf = ({ spec }: WireServiceCIDR) => spec?.cidrs ?? []
const isIn = (range: WireServiceCIDR, address: string) => cidrsOf(range).some((cidr) => holds(cidr, `${address}/128`))

function holds(outer: string, inner: string): boolean {
  const [address = '', bits = ''] = inner.split('/')
  const range = parseCidr(outer)
  if (!range || isIP(address) !== (range.family === 'ipv4' ? 4 : 6) || Number(bits) < range.bits) return false
  const list = new BlockList()
  list.addSubnet(range.address, range.bits, range.family)
  return list.check(address, range.family)
}

const all = (_change: Change<KubeObject>, view: ClusterView) =>
  view
    .cache(ServiceCIDR)
    .list()
    .map(({ metadata }) => metadata?.name ?? '')

/** Whether one that is deleted may go depends on the others, and on who is at home where. */
const deleted = (_change: Change<KubeObject>, view: ClusterView) =>
  view
    .cache(ServiceCIDR)
    .list()
    .flatMap(({ metadata }) => (metadata?.deletionTimestamp ? [metadata.name ?? ''] : []))

export const serviceCidrController = controller('service-cidr')
  .queueNamed('ipaddresses')
  .actsAs('service-cidrs-controller')
  .for(ServiceCIDR)
  .watches(ServiceCIDR, all)
  .watches(IPAddress, deleted)
  .reconcileWith((view) => new ServiceCidrReconciler(view))

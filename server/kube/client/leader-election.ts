// Of several that could do the work, one does: whoever's name is on the Lease and renews it in time.
//
//   candidate a   acquires ──── renews each 2 s ──── dies
//   candidate b   looks each 2 s                     ─ 15 s without renewal ─ acquires (leaseTransitions + 1)
//
// Candidates never compare their clocks: each measures, by its own, how long the record has not changed.
// A leader that cannot renew for 10 s stops working, 5 s before anyone else may begin.
// Upstream: client-go/tools/leaderelection/leaderelection.go.

import type { Lease as CoordinationLease } from 'kubernetes-types/coordination/v1'
import { type Clock, microTime } from '../../base/clock.ts'
import type { Logger } from '../../base/logger.ts'
import type { Metrics } from '../../base/metrics.ts'
import { isNotFound } from '../apimachinery/status-error.ts'
import { Lease } from '../kinds/lease.ts'
import type { Client } from './client.ts'

export interface LeaderElectionOptions {
  client: Client
  clock: Clock
  logger: Logger
  random: () => number
  metrics?: Metrics
  lease: { namespace: string; name: string }
  identity: string
  /** Called each time this candidate becomes the leader; the signal tells when it is one no more. */
  lead(signal: AbortSignal): Promise<void>
  leaseDurationMs?: number
  renewDeadlineMs?: number
  retryPeriodMs?: number
}

const AS_UPSTREAM = { leaseDurationMs: 15_000, renewDeadlineMs: 10_000, retryPeriodMs: 2_000 }

export class LeaderElection {
  readonly #options: LeaderElectionOptions & typeof AS_UPSTREAM
  #observed: string | undefined
  #observedAt = 0
  #lease: CoordinationLease | undefined
  #leads = false

  constructor(options: LeaderElectionOptions) {
    this.#options = { ...AS_UPSTREAM, ...options }
    options.metrics?.gauge('leader_election_master_status', 'Whether this process leads: 1, or 0.', () => [
      [{ name: options.lease.name }, this.#leads ? 1 : 0],
    ])
  }

  get isLeader(): boolean {
    return this.#lease?.spec?.holderIdentity === this.#options.identity
  }

  /** Stands for election until aborted, then gives the Lease back so that the next need not wait. */
  async run(signal: AbortSignal): Promise<void> {
    const { clock, retryPeriodMs, random, logger, identity } = this.#options
    while (!signal.aborted) {
      if (!(await this.#tryAcquireOrRenew())) {
        // Up to 2.2 periods, so that candidates started together do not always meet.
        await clock.sleep(retryPeriodMs * (1 + 1.2 * random()), signal).catch(() => undefined)
        continue
      }
      logger.info('became leader', { identity })
      this.#leads = true
      const term = new AbortController()
      const leading = this.#options.lead(term.signal)
      await this.#renewWhilePossible(signal)
      term.abort()
      await leading.catch((err) => logger.error('leading failed', { err }))
      this.#leads = false
      logger.info('stopped leading', { identity })
    }
    await this.#release()
  }

  async #renewWhilePossible(signal: AbortSignal): Promise<void> {
    const { clock, renewDeadlineMs } = this.#options
    while (!signal.aborted) {
      const deadline = new AbortController()
      using _timer = clock.setTimeout(() => deadline.abort(), renewDeadlineMs)
      if (!(await this.#renewBefore(deadline.signal, signal))) return
    }
  }

  /** An answer that does not come counts as none: before anyone else may begin, this one has stopped. */
  async #renewBefore(deadline: AbortSignal, signal: AbortSignal): Promise<boolean> {
    const { clock, retryPeriodMs } = this.#options
    const end = AbortSignal.any([deadline, signal])
    const isTooLate = new Promise<boolean>((resolve) => deadline.addEventListener('abort', () => resolve(false)))
    while (!end.aborted) {
      await clock.sleep(retryPeriodMs, end).catch(() => undefined)
      if (end.aborted) return false
      if (await Promise.race([this.#tryAcquireOrRenew(), isTooLate])) return true
      if (!this.isLeader) return false
    }
    return false
  }

  async #tryAcquireOrRenew(): Promise<boolean> {
    const { client, clock, lease: name, identity, leaseDurationMs, logger } = this.#options
    const leases = client.of(Lease)
    const spec = {
      holderIdentity: identity,
      leaseDurationSeconds: Math.ceil(leaseDurationMs / 1000),
      acquireTime: microTime(clock),
      renewTime: microTime(clock),
      leaseTransitions: 0,
    }
    try {
      const current = await leases.get(name).catch((err) => {
        if (isNotFound(err)) return undefined
        throw err
      })
      if (!current) {
        this.#observe(await leases.create({ metadata: { ...name }, spec }))
        return true
      }
      this.#observe(current)
      const holder = current.spec?.holderIdentity
      const expired = clock.monotonic() - this.#observedAt >= (current.spec?.leaseDurationSeconds ?? 0) * 1000
      if (holder && holder !== identity && !expired) return false
      const transitions = current.spec?.leaseTransitions ?? 0
      const next =
        holder === identity
          ? { ...spec, acquireTime: current.spec?.acquireTime ?? spec.acquireTime, leaseTransitions: transitions }
          : { ...spec, leaseTransitions: transitions + 1 }
      this.#observe(await leases.update({ ...current, spec: next }))
      return true
    } catch (err) {
      logger.debug('lease not acquired', { lease: name.name, err })
      return false
    }
  }

  #observe(lease: CoordinationLease): void {
    this.#lease = lease
    const record = JSON.stringify(lease.spec)
    if (record === this.#observed) return
    this.#observed = record
    this.#observedAt = this.#options.clock.monotonic()
  }

  async #release(): Promise<void> {
    if (!this.isLeader || !this.#lease) return
    const { client, clock, logger } = this.#options
    const spec = {
      leaseDurationSeconds: 1,
      acquireTime: microTime(clock),
      renewTime: microTime(clock),
      leaseTransitions: this.#lease.spec?.leaseTransitions ?? 0,
    }
    try {
      this.#observe(await client.of(Lease).update({ ...this.#lease, spec: { ...spec, holderIdentity: '' } }))
    } catch (err) {
      logger.debug('lease not released', { err })
    }
  }
}

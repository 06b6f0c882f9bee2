// Asks for a certificate again when 70 to 90 % of its life are over, by lot, so that machines that were made together do not
// all come at once; goes on asking until it has it. Upstream: client-go/util/certificate/certificate_manager.go.

import { X509Certificate } from 'node:crypto'
import type { Clock } from '../../../base/clock.ts'
import type { Logger } from '../../../base/logger.ts'
import type { CertificatePair } from '../bootstrap/request-certificate.ts'
import type { CertificateCounts } from './certificate-counts.ts'

export interface RenewedCertificate {
  /** As it is called in the log. */
  name: string
  /** The one that is in use. */
  certPem: string
  /** Rejects when nobody has said yes by then. */
  ask(signal: AbortSignal): Promise<CertificatePair>
  /** Writes it down and shows it from now on. */
  take(pair: CertificatePair): Promise<void>
  counts?: CertificateCounts
}

const WAIT_FOR_YES_MS = 15 * 60_000
/** 2, 4, 8, 16 s, and then every 32. */
const FIRST_PAUSE_MS = 2_000
const LONGEST_PAUSE_MS = 32_000
/** Whatever becomes of timers on a host that slept: the wall clock is looked at each day. */
const LOOK_MS = 24 * 3600_000

export function keepRenewed(
  { name, certPem, ask, take, counts }: RenewedCertificate,
  { clock, random, logger }: { clock: Clock; random: () => number; logger: Logger },
): AsyncDisposable {
  const closing = new AbortController()
  const { signal } = closing

  async function renew(): Promise<string> {
    for (let pause = FIRST_PAUSE_MS; ; pause = Math.min(2 * pause, LONGEST_PAUSE_MS)) {
      const late = new AbortController()
      using _timer = clock.setTimeout(() => late.abort(new Error('nobody has approved the request')), WAIT_FOR_YES_MS)
      try {
        const pair = await ask(AbortSignal.any([signal, late.signal]))
        await take(pair)
        return pair.certPem
      } catch (err) {
        signal.throwIfAborted()
        counts?.failed()
        logger.warn('certificate was not renewed, will ask again', { certificate: name, err })
      }
      await clock.sleep(pause * (1 + 0.1 * random()), signal)
    }
  }

  async function keep(): Promise<void> {
    for (let pem = certPem; ; pem = await renew()) {
      counts?.use(pem)
      const { validFromDate, validToDate } = new X509Certificate(pem)
      const [from, to] = [validFromDate.getTime(), validToDate.getTime()]
      const deadline = from + (to - from) * (0.7 + 0.2 * random())
      logger.info('certificate will be renewed', {
        certificate: name,
        expires: validToDate,
        asksAt: new Date(deadline),
      })
      for (let left = deadline - clock.now(); left > 0; left = deadline - clock.now()) {
        await clock.sleep(Math.min(left, LOOK_MS), signal)
      }
      logger.info('certificate is asked for again', { certificate: name })
    }
  }
  const done = keep().catch((err: unknown) => {
    if (!signal.aborted) logger.error('certificate is not renewed', { certificate: name, err })
  })
  return {
    async [Symbol.asyncDispose]() {
      closing.abort()
      await done
    },
  }
}

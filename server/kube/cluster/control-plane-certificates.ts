// What an API server shows to others, which lasts a year: looked at when the cluster starts, and each day while it runs,
// and made anew when less than a third of it is left. Nobody has to start a cluster again for it, as under kubeadm.

import { allDone } from '../../base/all-done.ts'
import type { Clock } from '../../base/clock.ts'
import type { Logger } from '../../base/logger.ts'
import type { Certificates } from './pki.ts'

const DAY_MS = 24 * 3600_000

export async function keepControlPlaneCertificates(pki: Certificates, ipAddresses: string[]) {
  const [serving, kubeletClient, frontProxyClient] = await allDone(
    pki.keep('apiserver', {
      commonName: 'kube-apiserver',
      usages: ['server'],
      dnsNames: [
        'localhost',
        'kubernetes',
        'kubernetes.default',
        'kubernetes.default.svc',
        'kubernetes.default.svc.cluster.local',
      ],
      ipAddresses,
    }),
    pki.keep('apiserver-kubelet-client', {
      commonName: 'kube-apiserver-kubelet-client',
      organizations: ['system:masters'],
      usages: ['client'],
    }),
    // Servers behind an APIService believe whom the bearer of this one names.
    pki.keep('front-proxy-client', { commonName: 'front-proxy-client', usages: ['client'] }),
  )
  return { serving, kubeletClient, frontProxyClient }
}

export function renewDaily(options: { clock: Clock; logger: Logger; renew: () => Promise<void> }): AsyncDisposable {
  const { clock, logger, renew } = options
  const closing = new AbortController()
  const lookDaily = async () => {
    for (;;) {
      await clock.sleep(DAY_MS, closing.signal)
      await renew().catch((err: unknown) => logger.error('certificates could not be renewed', { err }))
    }
  }
  const done = lookDaily().catch(() => undefined)
  return {
    async [Symbol.asyncDispose]() {
      closing.abort()
      await done
    },
  }
}

// Kubeconfig texts, as kubeadm writes them: one cluster, one user, one context.

import { dump } from 'js-yaml'
import type { KeyPairPem } from './pki.ts'

/** YAML text of a kubeconfig. */
export type Kubeconfig = string

export function kubeconfigFor(options: {
  cluster: string
  server: string
  caPem: string
  user: string
  pair: KeyPairPem
}): Kubeconfig {
  const { cluster, server, caPem, user, pair } = options
  const context = `${user}@${cluster}`
  const base64 = (text: string) => Buffer.from(text).toString('base64')
  return dump({
    apiVersion: 'v1',
    kind: 'Config',
    clusters: [{ name: cluster, cluster: { 'certificate-authority-data': base64(caPem), server } }],
    contexts: [{ name: context, context: { cluster, user } }],
    'current-context': context,
    users: [
      {
        name: user,
        user: { 'client-certificate-data': base64(pair.certPem), 'client-key-data': base64(pair.keyPem) },
      },
    ],
  })
}

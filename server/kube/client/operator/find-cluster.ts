// Where a program finds its cluster: as kubectl does on a laptop, and in a pod by what the kubelet puts there.
// Upstream: client-go/rest/config.go (InClusterConfig), tools/clientcmd.

import { existsSync, readFileSync } from 'node:fs'
import { homedir } from 'node:os'
import { join } from 'node:path'
import { type ClientConfig, loadKubeconfig } from '../kubeconfig.ts'

const ACCOUNT = '/var/run/secrets/kubernetes.io/serviceaccount'

export interface Surroundings {
  env: Readonly<Record<string, string | undefined>>
  /** Where the kubelet mounts what a service account has. */
  account?: string
  home?: string
}

/** `kubeconfig`, else $KUBECONFIG, else the pod's service account, else ~/.kube/config. */
export function findCluster(
  kubeconfig: string | undefined,
  { env, account = ACCOUNT, home = homedir() }: Surroundings,
): ClientConfig {
  const named = kubeconfig ?? env.KUBECONFIG
  if (named) return loadKubeconfig(named)
  const { KUBERNETES_SERVICE_HOST: host, KUBERNETES_SERVICE_PORT: port } = env
  if (host && port) {
    return {
      server: `https://${host.includes(':') ? `[${host}]` : host}:${port}`,
      caPem: readFileSync(join(account, 'ca.crt'), 'utf8'),
      tokenFile: join(account, 'token'),
      namespace: readFileSync(join(account, 'namespace'), 'utf8').trim(),
    }
  }
  const usual = join(home, '.kube', 'config')
  if (existsSync(usual)) return loadKubeconfig(usual)
  throw new Error(
    `no cluster: set KUBECONFIG, or put a kubeconfig at ${usual}; in a pod, the service account's token is missing`,
  )
}

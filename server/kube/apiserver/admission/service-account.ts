// Every pod runs as a service account, and finds that account's token, the cluster's CA and its own namespace at a
// well-known place. Upstream: kubernetes/plugin/pkg/admission/serviceaccount.

import type { Pod, Volume, ServiceAccount as WireServiceAccount } from 'kubernetes-types/core/v1'
import { forbidden, StatusError } from '../../apimachinery/status-error.ts'
import { ServiceAccount } from '../../kinds/index.ts'
import { generatedName } from '../registry/prepare.ts'
import type { AdmissionPlugin, AdmissionReader } from './admission.ts'
import { isMirrorPod } from './pods.ts'

const MOUNT_PATH = '/var/run/secrets/kubernetes.io/serviceaccount'
const TOKEN_SECONDS = 3607
/** A new namespace's default account is made by a controller; whoever was faster waits a moment. */
const ATTEMPTS = 10
const RETRY_MS = 100

export const serviceAccount: AdmissionPlugin = {
  name: 'ServiceAccount',
  handles: ({ operation, kind, subresource }) => operation === 'CREATE' && kind.kind === 'Pod' && subresource === '',

  async mutate({ object, namespace }, reader) {
    const pod = object as Pod
    if (!pod.spec || isMirrorPod(pod)) return
    pod.spec.serviceAccountName ||= pod.spec.serviceAccount || 'default'
    pod.spec.serviceAccount = pod.spec.serviceAccountName
    const account = await findAccount(reader, { namespace, name: pod.spec.serviceAccountName, pod })
    if (!pod.spec.imagePullSecrets?.length && account.imagePullSecrets?.length) {
      pod.spec.imagePullSecrets = account.imagePullSecrets.map((reference) => ({ ...reference }))
    }
    const isWanted = pod.spec.automountServiceAccountToken ?? account.automountServiceAccountToken ?? true
    if (isWanted) mountToken(pod)
  },

  validate({ object }) {
    const pod = object as Pod
    if (!isMirrorPod(pod)) return
    if (pod.spec?.serviceAccountName) {
      throw new StatusError('Forbidden', 'a mirror pod may not reference service accounts')
    }
  },
}

async function findAccount(
  reader: AdmissionReader,
  { namespace, name, pod }: { namespace: string; name: string; pod: Pod },
): Promise<WireServiceAccount> {
  for (let attempt = 1; ; attempt++) {
    const found = reader.find(ServiceAccount, namespace, name)
    if (found) return found
    if (attempt === 1) await reader.caughtUp()
    else if (name !== 'default' || attempt > ATTEMPTS) {
      throw forbidden(
        { group: '', resource: 'pods' },
        pod.metadata?.name ?? '',
        `error looking up service account ${namespace}/${name}: serviceaccount "${name}" not found`,
      )
    } else await reader.clock.sleep(RETRY_MS)
  }
}

function mountToken(pod: Pod): void {
  const { spec } = pod
  if (!spec) return
  const volumes = spec.volumes ?? []
  const existing = volumes.find(({ name = '' }) => name.startsWith('kube-api-access-'))
  const name = existing?.name ?? generatedName('kube-api-access-')
  let isUsed = false
  for (const container of [...(spec.initContainers ?? []), ...(spec.containers ?? [])]) {
    if (container.volumeMounts?.some((mount) => mount.mountPath === MOUNT_PATH)) continue
    container.volumeMounts = [...(container.volumeMounts ?? []), { name, readOnly: true, mountPath: MOUNT_PATH }]
    isUsed = true
  }
  if (isUsed && !existing) spec.volumes = [...volumes, tokenVolume(name)]
}

const tokenVolume = (name: string): Volume => ({
  name,
  projected: {
    sources: [
      { serviceAccountToken: { expirationSeconds: TOKEN_SECONDS, path: 'token' } },
      { configMap: { name: 'kube-root-ca.crt', items: [{ key: 'ca.crt', path: 'ca.crt' }] } },
      {
        downwardAPI: {
          items: [{ path: 'namespace', fieldRef: { apiVersion: 'v1', fieldPath: 'metadata.namespace' } }],
        },
      },
    ],
    defaultMode: 0o644,
  },
})

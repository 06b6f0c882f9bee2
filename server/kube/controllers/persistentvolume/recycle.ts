// Empties a volume whose claim has gone, by a pod, so that somebody else may have it: directories of a machine and NFS, as
// upstream, where it is deprecated. Upstream: kubernetes/pkg/volume/plugins.go (the pod), pkg/volume/util/recyclerclient.

import type { Pod as CorePod, PersistentVolume as Volume } from 'kubernetes-types/core/v1'
import { quantityOf } from '../../apimachinery/quantity.ts'
import { isAlreadyExists, isNotFound } from '../../apimachinery/status-error.ts'
import type { ReconcileContext } from '../../client/reconcile-context.ts'
import { PersistentVolume } from '../../kinds/persistent-volume.ts'
import { Pod } from '../../kinds/pod.ts'
import { isTerminated } from '../pod-state.ts'
import { unbind } from './bind.ts'
import type { StorageView } from './storage-view.ts'

const NAMESPACE = 'default'
const PREFIX = 'recycler-for-'
const SECONDS_A_GIB = 30
const SCRUB = 'test -e /scrub && find /scrub -mindepth 1 -delete && test -z "$(ls -A /scrub)" || exit 1'

/** Of the pod's. */
export const recycledBy = ({ metadata }: CorePod): string[] =>
  metadata?.namespace === NAMESPACE && metadata.name?.startsWith(PREFIX) ? [metadata.name.slice(PREFIX.length)] : []

export const isRecyclable = ({ spec }: Volume) => spec?.hostPath !== undefined || spec?.nfs !== undefined

/** Says why it could not be done; undefined when it was, or is being done. */
export async function recycle(
  context: ReconcileContext,
  storage: StorageView,
  volume: Volume,
): Promise<string | undefined> {
  const say = (reason: string, message: string) => context.event(PersistentVolume, volume, 'Normal', reason, message)
  const users = usersOf(storage, volume)
  const { namespace, name } = volume.spec?.claimRef ?? {}
  // Where there is a claim of that name again, the pods use its volume.
  if (users.length > 0 && !storage.claim(`${namespace}/${name}`)) {
    say('VolumeFailedRecycle', `Volume is used by pods: ${users.join(',')}`)
    return undefined
  }
  if (!isRecyclable(volume)) return 'No recycler plugin found for the volume!'
  const pods = context.client.of(Pod)
  const place = { namespace: NAMESPACE, name: `${PREFIX}${volume.metadata?.name}` }
  const pod = storage.pods.get(`${NAMESPACE}/${place.name}`)
  context.report.seen = 'it is being emptied'
  if (!pod) await pods.create(scrubber(volume, place)).catch(unless(isAlreadyExists))
  if (!pod || !isTerminated(pod)) return undefined
  await pods.delete(place, pod.metadata?.uid ? { uid: pod.metadata.uid } : {}).catch(unless(isNotFound))
  if (pod.status?.phase === 'Failed') {
    return `Recycle failed: ${pod.status.message || 'pod failed, pod.Status.Message unknown'}`
  }
  say('VolumeRecycled', 'Volume recycled')
  await unbind(context, storage, volume)
  return undefined
}

function usersOf({ pods }: StorageView, { spec }: Volume): string[] {
  const { namespace = '', name } = spec?.claimRef ?? {}
  return pods
    .inNamespace(namespace)
    .filter(
      (pod) => !isTerminated(pod) && pod.spec?.volumes?.some((one) => one.persistentVolumeClaim?.claimName === name),
    )
    .map(({ metadata }) => `${namespace}/${metadata?.name}`)
}

function scrubber({ spec }: Volume, place: { namespace: string; name: string }): CorePod {
  const { hostPath, nfs, capacity } = spec ?? {}
  const gib = quantityOf(capacity?.storage).number / 2 ** 30
  return {
    metadata: { ...place, annotations: { 'simulated.podium.dev/exit-after': '0s' } },
    spec: {
      restartPolicy: 'Never',
      activeDeadlineSeconds: Math.max(hostPath ? 60 : 300, Math.floor(gib) * SECONDS_A_GIB),
      containers: [
        {
          name: 'pv-recycler',
          image: 'busybox',
          command: ['/bin/sh'],
          args: ['-c', SCRUB],
          volumeMounts: [{ name: 'vol', mountPath: '/scrub' }],
        },
      ],
      volumes: [{ name: 'vol', ...(hostPath ? { hostPath } : { nfs: nfs! }) }],
    },
  }
}

const unless = (isFine: (err: unknown) => boolean) => (err: unknown) => {
  if (!isFine(err)) throw err
}

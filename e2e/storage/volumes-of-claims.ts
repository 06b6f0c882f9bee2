// Claims that come and go with their pod, and directories of a machine that somebody has set aside.

import type { Event as CoreEvent, PersistentVolume, PersistentVolumeClaim, Pod } from 'kubernetes-types/core/v1'
import { expect, it } from 'vitest'
import { until } from '../support/until.ts'
import { podWithData, type Seat } from './seat.ts'

export function volumesOfClaims(seat: () => Seat): void {
  it('gives a pod a claim of its own, and takes it away with the pod', async () => {
    const { says, logsOf } = seat()
    const read = async <T>(what: string) => JSON.parse(await says(`get ${what} -o json`)) as T
    await says(
      'apply -f -',
      `
apiVersion: v1
kind: Pod
metadata: {name: sorter}
spec:
  restartPolicy: Never
  containers:
    - {name: main, image: busybox, command: [sh, -c, 'echo b a | tr " " "\\n" > /s/in; sort /s/in'], volumeMounts: [{name: scratch, mountPath: /s}]}
  volumes:
    - name: scratch
      ephemeral:
        volumeClaimTemplate:
          metadata: {labels: {for: sorting}}
          spec: {accessModes: [ReadWriteOnce], resources: {requests: {storage: 5Mi}}}
`,
    )
    await says('wait --for=jsonpath={.status.phase}=Succeeded pod/sorter --timeout=60s')
    expect(await logsOf('sorter')).toEqual(['a', 'b'])
    const pod = await read<Pod>('pod sorter')
    const claim = await read<PersistentVolumeClaim>('pvc sorter-scratch')
    expect(claim.metadata).toMatchObject({
      labels: { for: 'sorting' },
      ownerReferences: [{ kind: 'Pod', name: 'sorter', uid: pod.metadata?.uid, controller: true }],
    })
    const [node, volume] = [pod.spec?.nodeName ?? '', claim.spec?.volumeName ?? '']
    expect(await seat().on(node, 'ls /var/local-path-provisioner')).toContain(volume)
    await says('delete pod sorter')
    await until('its claim and volume have gone', async () => {
      return (await says(`get pvc/sorter-scratch pv/${volume} --ignore-not-found`)) === ''
    })
    expect(await seat().on(node, 'ls /var/local-path-provisioner')).not.toContain(volume)
  })

  it('keeps what is in a directory that was set aside, until somebody frees the volume for another claim', async () => {
    const { says, logsOf, on, nodes } = seat()
    const [, node = ''] = await nodes()
    await on(node, 'mkdir -p /srv/set-aside')
    const claim = `
apiVersion: v1
kind: PersistentVolumeClaim
metadata: {name: data}
spec: {storageClassName: set-aside, accessModes: [ReadWriteOnce], resources: {requests: {storage: 10Mi}}}
`
    await says(
      'apply -f -',
      `
apiVersion: storage.k8s.io/v1
kind: StorageClass
metadata: {name: set-aside}
provisioner: kubernetes.io/no-provisioner
volumeBindingMode: WaitForFirstConsumer
---
apiVersion: v1
kind: PersistentVolume
metadata: {name: set-aside}
spec:
  capacity: {storage: 1Gi}
  accessModes: [ReadWriteOnce]
  persistentVolumeReclaimPolicy: Retain
  storageClassName: set-aside
  local: {path: /srv/set-aside}
  nodeAffinity:
    required:
      nodeSelectorTerms: [{matchExpressions: [{key: kubernetes.io/hostname, operator: In, values: [${node}]}]}]
---${claim}---${podWithData('writer', 'echo kept > /data/page')}`,
    )
    await says('wait --for=jsonpath={.status.phase}=Succeeded pod/writer --timeout=60s')
    expect(await says('get pod writer -o jsonpath={.spec.nodeName}')).toBe(node)
    expect(await on(node, 'cat /srv/set-aside/page')).toBe('kept\n')
    await says('delete pod writer')
    await says('delete pvc data')
    const volume = async () => JSON.parse(await says('get pv set-aside -o json')) as PersistentVolume
    await until('the volume is given back', async () => (await volume()).status?.phase === 'Released')

    await says('apply -f -', `${claim}---${podWithData('reader', 'cat /data/page')}`)
    await until('nothing can be found for the second claim', async () =>
      (await says('get events --field-selector involvedObject.name=reader')).includes(
        "didn't find available persistent volumes to bind",
      ),
    )
    await says(`patch pv set-aside --type=json --patch=[{"op":"remove","path":"/spec/claimRef"}]`)
    await says('wait --for=jsonpath={.status.phase}=Succeeded pod/reader --timeout=90s')
    expect(await logsOf('reader')).toEqual(['kept'])
    await says('delete pod reader')
    await says('delete pvc data')
    await says('delete pv set-aside')
    await says('delete storageclass set-aside')
    expect(await on(node, 'cat /srv/set-aside/page; rm -r /srv/set-aside')).toBe('kept\n')
  })

  it('says in plain words that a machine cannot mount NFS, tries again, and lets the pod go', async () => {
    const { says } = seat()
    await says(
      'apply -f -',
      `
apiVersion: v1
kind: PersistentVolume
metadata: {name: files}
spec:
  capacity: {storage: 10Mi}
  accessModes: [ReadWriteMany]
  storageClassName: files
  mountOptions: [hard]
  nfs: {server: 127.0.0.1, path: /export}
---
apiVersion: v1
kind: PersistentVolumeClaim
metadata: {name: data}
spec: {storageClassName: files, accessModes: [ReadWriteMany], resources: {requests: {storage: 10Mi}}}
`,
    )
    await says('apply -f -', podWithData('remote', 'true'))
    const events = async () => JSON.parse(await says('get events -o json')) as { items: CoreEvent[] }
    const failed = async () => (await events()).items.find((one) => one.reason === 'FailedMount')
    await until('it is tried again', async () => ((await failed())?.count ?? 0) >= 2)
    const { message } = (await failed()) ?? {}
    expect(message).toContain('MountVolume.SetUp failed for volume "files" : mount failed: exit status 32\n')
    expect(message).toMatch(
      /\nMounting command: mount\nMounting arguments: -t nfs -o hard 127.0.0.1:\/export \/var\/lib\/kubelet\/pods\/\S+\/volumes\/kubernetes.io~nfs\/data\n/,
    )
    expect(message).toContain('root of a user namespace only, and the kernel lets no such root mount NFS')
    await says('delete pod remote --timeout=20s')
    await says('delete pvc/data pv/files --timeout=20s')
  })
}

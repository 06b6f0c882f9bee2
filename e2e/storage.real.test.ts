// What pods ask of real machines: storage that outlives them, volumes, rights, room, and images.
// One cluster for all; the tests of each subject are in the folder storage/.

import type { PersistentVolume } from 'kubernetes-types/core/v1'
import { beforeAll, expect, it } from 'vitest'
import { ADDED_IMAGE, addedImages } from './storage/added-images.ts'
import { storageDrivers } from './storage/drivers.ts'
import { ownImages } from './storage/images.ts'
import { joining } from './storage/joining.ts'
import { pushedImages } from './storage/pushed-images.ts'
import { rightsOfContainers } from './storage/rights-of-containers.ts'
import { roomOnMachines } from './storage/room-on-machines.ts'
import { CLAIM, podWithData, type Seat, seatAt } from './storage/seat.ts'
import { volumesOfClaims } from './storage/volumes-of-claims.ts'
import { volumesOfPods } from './storage/volumes-of-pods.ts'
import { podium } from './support/commands.ts'
import { ownCluster } from './support/own-cluster.ts'
import { until } from './support/until.ts'

const CLUSTER = 'e2e-storage'
// A run that was cut off has left it: then machines have it from the beginning, and nobody pulls it.
beforeAll(async () => {
  await podium('images', 'remove', ADDED_IMAGE).catch(() => '')
})
const own = ownCluster(CLUSTER, '--nodes', '2')
let seat: Seat
const says: Seat['says'] = (...told) => seat.says(...told)

beforeAll(async () => {
  seat = seatAt({ ...own, cluster: CLUSTER })
})

const runs = async (name: string, command: string) => {
  await says('apply -f -', podWithData(name, command))
  await says(`wait --for=jsonpath={.status.phase}=Succeeded pod/${name} --timeout=60s`)
}
const volumes = async () => (JSON.parse(await says('get pv -o json')) as { items: PersistentVolume[] }).items

it('is there for the next pod, and gone with its claim', async () => {
  await says('apply -f -', CLAIM)
  await runs('writer', 'echo kept > /data/page')
  expect(await says('get pvc data')).toMatch(/data\s+Bound\s+pvc-\S+\s+10Mi\s+RWO\s+standard/)
  const [volume] = await volumes()
  const [node] = volume?.spec?.nodeAffinity?.required?.nodeSelectorTerms[0]?.matchExpressions?.[0]?.values ?? []
  await says('delete pod writer')
  await runs('reader', 'cat /data/page')
  expect(await says('logs reader')).toBe('kept\n')
  expect(await says('get pod reader -o jsonpath={.spec.nodeName}')).toBe(node)
  await says('delete pod reader')
  await says('delete pvc data')
  await until('the volume has gone', async () => (await volumes()).length === 0)
  expect(await seat.on(node ?? '', 'ls /var/local-path-provisioner')).not.toContain(volume?.metadata?.name)
})

it('is read and written on all machines where the class is the shared directory', async () => {
  const [first, second] = await seat.nodes()
  const on = (node: string | undefined, name: string, command: string) =>
    podWithData(name, command).replace('spec:', `spec:\n  nodeName: ${node}`)
  const shared = CLAIM.replace('[ReadWriteOnce]', '[ReadWriteMany], storageClassName: shared-directory')
  await says('apply -f -', shared)
  await says('wait --for=jsonpath={.status.phase}=Bound pvc/data --timeout=30s')
  // The one waits for what the other writes, and answers.
  await says('apply -f -', on(first, 'here', 'echo from here > /data/here; until cat /data/there; do sleep 0.2; done'))
  await says(
    'apply -f -',
    on(second, 'there', 'until cat /data/here; do sleep 0.2; done; echo from there > /data/there'),
  )
  for (const name of ['here', 'there']) {
    await says(`wait --for=jsonpath={.status.phase}=Succeeded pod/${name} --timeout=60s`)
  }
  expect((await seat.logsOf('there')).at(-1)).toBe('from here')
  expect((await seat.logsOf('here')).at(-1)).toBe('from there')
  const looks = () => seat.on(second ?? '', 'ls /srv/shared-directory')
  expect(await looks()).toContain('_default_data')
  await says('delete pod here there --now')
  await says('delete pvc data')
  await until('the volume has gone', async () => (await volumes()).length === 0)
  expect(await looks()).not.toContain('_default_data')
})

it('is each pod’s own in a StatefulSet, through a new pod', async () => {
  await says(
    'apply -f -',
    `
apiVersion: apps/v1
kind: StatefulSet
metadata: {name: db}
spec:
  replicas: 2
  podManagementPolicy: Parallel
  selector: {matchLabels: {app: db}}
  template:
    metadata: {labels: {app: db}}
    spec:
      terminationGracePeriodSeconds: 0
      containers:
        - name: main
          image: busybox
          command: [sh, -c, 'hostname >> /data/names; sleep 100000']
          volumeMounts: [{name: data, mountPath: /data}]
  volumeClaimTemplates:
    - metadata: {name: data}
      spec: {accessModes: [ReadWriteOnce], resources: {requests: {storage: 10Mi}}}
`,
  )
  await says('rollout status statefulset/db --timeout=60s')
  await says('delete pod db-1')
  await until('db-1 is back', async () => (await says('get pod db-1 --ignore-not-found')).includes('1/1'))
  expect(await says('exec db-1 -- cat /data/names')).toBe('db-1\ndb-1\n')
  expect(await says('exec db-0 -- cat /data/names')).toBe('db-0\n')
})

volumesOfPods(() => seat)
volumesOfClaims(() => seat)
rightsOfContainers(() => seat)
storageDrivers(() => seat)
ownImages(() => seat)
pushedImages(() => seat)
joining(() => seat)
addedImages(() => seat)
// Last: a machine is short of memory afterwards, and the other has lost its images.
roomOnMachines(() => seat)

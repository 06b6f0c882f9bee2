// Attaches volumes to machines when the cluster asks for it, and takes them away again: what upstream's external-attacher
// does, once for the cluster and in a container of its own. For a directory there is nothing to be done but to say so; a
// driver of disks would ask its cloud here. Looks twice a second; a larger one would watch.
//
//   VolumeAttachment ─► finalizers on it and on the volume ─► status.attached ─► … deleted ─► detached ─► finalizers off

import { api, everyMs } from './api.ts'

interface Thing {
  metadata: { name: string; finalizers?: string[]; deletionTimestamp?: string }
}
interface Attachment extends Thing {
  spec: { attacher: string; nodeName: string; source: { persistentVolumeName: string } }
  status?: { attached: boolean }
}
interface Volume extends Thing {
  spec: { csi?: { driver: string } }
}

const DRIVER = 'directories.example.org'
const FINALIZER = `external-attacher/${DRIVER.replaceAll('.', '-')}`
const ATTACHMENTS = '/apis/storage.k8s.io/v1/volumeattachments'
const VOLUMES = '/api/v1/persistentvolumes'
const say = (line: string) => console.log(`${new Date().toISOString()} ${line}`)

const isKept = ({ metadata }: Thing) => metadata.finalizers?.includes(FINALIZER) ?? false
async function keep(path: string, { metadata }: Thing, isOn: boolean): Promise<void> {
  const others = (metadata.finalizers ?? []).filter((finalizer) => finalizer !== FINALIZER)
  const finalizers = isOn ? [...others, FINALIZER] : others
  await api('PATCH', `${path}/${metadata.name}`, { metadata: { finalizers } })
}
const tell = ({ metadata }: Attachment, attached: boolean) =>
  api('PATCH', `${ATTACHMENTS}/${metadata.name}/status`, { status: { attached } })

await everyMs(500, say, async () => {
  const { items: all } = await api<{ items: Attachment[] }>('GET', ATTACHMENTS)
  const { items: volumes } = await api<{ items: Volume[] }>('GET', VOLUMES)
  const attachments = all.filter(({ spec }) => spec.attacher === DRIVER)
  for (const attachment of attachments) {
    const { nodeName, source } = attachment.spec
    const volume = volumes.find(({ metadata }) => metadata.name === source.persistentVolumeName)
    if (attachment.metadata.deletionTimestamp) {
      if (!isKept(attachment)) continue
      say(`detach ${source.persistentVolumeName} from ${nodeName}`)
      await tell(attachment, false)
      await keep(ATTACHMENTS, attachment, false)
    } else if (volume && !attachment.status?.attached) {
      // First what has to be undone can no longer be lost.
      if (!isKept(volume)) await keep(VOLUMES, volume, true)
      if (!isKept(attachment)) await keep(ATTACHMENTS, attachment, true)
      say(`attach ${source.persistentVolumeName} to ${nodeName}`)
      await tell(attachment, true)
    }
  }
  for (const volume of volumes) {
    const isUsed = attachments.some(({ spec }) => spec.source.persistentVolumeName === volume.metadata.name)
    if (volume.spec.csi?.driver === DRIVER && volume.metadata.deletionTimestamp && isKept(volume) && !isUsed) {
      await keep(VOLUMES, volume, false)
    }
  }
})

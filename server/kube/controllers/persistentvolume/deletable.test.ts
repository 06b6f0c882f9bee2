import type { PersistentVolume } from 'kubernetes-types/core/v1'
import { expect, it } from 'vitest'
import { isDeletedByOthers, whyNotDeletable } from './deletable.ts'

const MADE = 'pv.kubernetes.io/provisioned-by'
const at = (path: string) => ({ hostPath: { path } })
const nobody = (why: string) => `error getting deleter volume plugin for volume "v": ${why}`

// In the manner of the rows 8-1 to 8-12 of upstream's delete_test.go.
it.each<{ name: string; spec: object; maker?: string; by: string }>([
  { name: 'a directory below /tmp', spec: at('/tmp/x'), by: 'the binder' },
  { name: 'one of its own making', spec: at('/tmp/x'), maker: 'kubernetes.io/host-path', by: 'the binder' },
  {
    name: 'another directory',
    spec: at('/data'),
    by: 'host_path deleter only supports /tmp/.+ but received provided /data',
  },
  { name: 'what somebody made', spec: at('/data'), maker: 'example.com/disks', by: 'others' },
  { name: 'what a driver made', spec: { csi: {} }, maker: 'example.com/disks', by: 'others' },
  { name: 'what is of a driver, made by hand', spec: { csi: {} }, by: 'others' },
  {
    name: 'what was made by what is no more',
    spec: { awsElasticBlockStore: {} },
    maker: 'kubernetes.io/aws-ebs',
    by: 'no volume plugin matched name: kubernetes.io/aws-ebs',
  },
  { name: 'a share', spec: { nfs: {} }, by: nobody('no deletable volume plugin matched') },
  { name: 'a disk of a machine', spec: { local: {} }, by: nobody('no volume plugin matched') },
])('$name is deleted by $by', ({ spec, maker, by }) => {
  const volume = { metadata: { name: 'v', ...(maker ? { annotations: { [MADE]: maker } } : {}) }, spec }
  const told = isDeletedByOthers(volume as PersistentVolume)
    ? 'others'
    : (whyNotDeletable(volume as PersistentVolume) ?? 'the binder')
  expect(told).toBe(by)
})

// What is refused in the volumes of a pod and where they are mounted, in upstream's words. Expectations are read from pkg/apis/core/validation.

import { describe } from 'vitest'
import { pod, refuses, says, web } from './testing/refused-pods.ts'

const volume = (source: object) => pod({ volumes: [{ name: 'v', ...source }] })
const C = 'spec.containers[0]'
const V = 'spec.volumes[0]'

describe('volumes are refused:', () => {
  refuses([
    ['none at all is an empty directory', volume({}), []],
    [
      'two sources',
      volume({ nfs: {}, emptyDir: {} }),
      [`${V}.nfs: Forbidden: may not specify more than 1 volume type`],
    ],
    ['a name twice', pod({ volumes: [{ name: 'v' }, { name: 'v' }] }), ['spec.volumes[1].name: Duplicate value: "v"']],
    [
      'hostPath',
      volume({ hostPath: { path: '/a/../b', type: 'Door' } }),
      [
        `${V}.hostPath.path: Invalid value: "/a/../b": must not contain '..'`,
        `${V}.hostPath.type: Unsupported value: "Door": supported values: "", "BlockDevice", "CharDevice", "Directory", "DirectoryOrCreate", "File", "FileOrCreate", "Socket"`,
      ],
    ],
    [
      'configMap',
      volume({
        configMap: {
          defaultMode: 512,
          items: [
            { key: '', path: '../x', mode: -1 },
            { key: 'a', path: '..b' },
          ],
        },
      }),
      [
        `${V}.configMap.name: Required value`,
        `${V}.configMap.defaultMode: Invalid value: 512: must be a number between 0 and 0777 (octal), both inclusive`,
        `${V}.configMap.items[0].key: Required value`,
        `${V}.configMap.items[0].path: Invalid value: "../x": must not contain '..'`,
        `${V}.configMap.items[0].mode: Invalid value: -1: must be a number between 0 and 0777 (octal), both inclusive`,
        `${V}.configMap.items[1].path: Invalid value: "..b": must not start with '..'`,
      ],
    ],
    [
      'secret',
      volume({ secret: { items: [{ key: 'a', path: '/abs' }] } }),
      [
        `${V}.secret.secretName: Required value`,
        `${V}.secret.items[0].path: Invalid value: "/abs": must be a relative path`,
      ],
    ],
    [
      'downwardAPI',
      volume({
        downwardAPI: {
          items: [
            { path: 'a', fieldRef: { fieldPath: 'status.podIP' } },
            { path: 'b', fieldRef: { fieldPath: 'spec.colour' } },
            { path: 'c', resourceFieldRef: { resource: 'limits.cpu' } },
            { path: 'd', resourceFieldRef: { containerName: 'web', resource: 'limits.memory', divisor: '3' } },
            { path: 'e' },
            { path: 'f', fieldRef: { fieldPath: "metadata.labels['app']" } },
          ],
        },
      }),
      [
        `${V}.downwardAPI.fieldRef.fieldPath: Unsupported value: "status.podIP": supported values: "metadata.annotations", "metadata.labels", "metadata.name", "metadata.namespace", "metadata.uid"`,
        `${V}.downwardAPI.fieldRef.fieldPath: Invalid value: "spec.colour": error converting fieldPath: field label not supported: spec.colour`,
        `${V}.downwardAPI.resourceFieldRef.containerName: Required value`,
        says(
          `${V}.downwardAPI.resourceFieldRef.divisor: Invalid value: "limits.memory": only divisor's values 1, 1k, 1M`,
        ),
        `${V}.downwardAPI: Required value: one of fieldRef and resourceFieldRef is required`,
      ],
    ],
    [
      'projected',
      volume({
        projected: {
          sources: [
            { secret: { name: 's', items: [{ key: 'a', path: 'a' }] } },
            { configMap: { name: 'c', items: [{ key: 'a', path: 'a' }] } },
            { serviceAccountToken: { path: 't', expirationSeconds: 60 } },
            { configMap: { name: 'c' }, secret: { name: 's' } },
            { clusterTrustBundle: { path: 'b' } },
          ],
        },
      }),
      [
        `${V}.projected: Invalid value: "c": conflicting duplicate paths`,
        `${V}.projected.sources[2].serviceAccountToken.expirationSeconds: Invalid value: 60: may not specify a duration less than 10 minutes`,
        `${V}.projected.sources[3]: Forbidden: may not specify more than 1 volume type per source`,
        `${V}.projected.sources[4].clusterTrustBundle: Required value: either name or signerName must be specified`,
        `${V}.projected.sources[2].serviceAccountToken: Forbidden: must not be specified when serviceAccountName is not set`,
      ],
    ],
    ['a claim', volume({ persistentVolumeClaim: {} }), [`${V}.persistentVolumeClaim.claimName: Required value`]],
    [
      'nfs',
      volume({ nfs: { server: '', path: 'a' } }),
      [`${V}.nfs.server: Required value`, `${V}.nfs.path: Invalid value: "a": must be an absolute path`],
    ],
    [
      'iscsi',
      volume({ iscsi: { targetPortal: 'p', iqn: 'iqn.bad', lun: 256, chapAuthSession: true, initiatorName: 'x' } }),
      [
        `${V}.iscsi.iqn: Invalid value: "iqn.bad": must be valid format`,
        `${V}.iscsi.lun: Invalid value: 256: must be between 0 and 255, inclusive`,
        `${V}.iscsi.secretRef: Required value`,
        `${V}.iscsi.initiatorname: Invalid value: "x": must be valid format starting with iqn, eui, or naa`,
      ],
    ],
    [
      'csi',
      volume({ csi: { driver: 'Bad_Driver', nodePublishSecretRef: {} } }),
      [
        says(`${V}.csi.driver: Invalid value: "Bad_Driver": a lowercase RFC 1123 subdomain`),
        `${V}.csi.nodePublishSecretRef.name: Required value`,
      ],
    ],
    [
      'ephemeral',
      volume({ ephemeral: { volumeClaimTemplate: { metadata: { name: 'x' }, spec: {} } } }),
      [
        `${V}.ephemeral.volumeClaimTemplate.metadata.name: Forbidden: cannot be set`,
        `${V}.ephemeral.volumeClaimTemplate.spec.accessModes: Required value: at least 1 access mode is required`,
        `${V}.ephemeral.volumeClaimTemplate.spec.resources[storage]: Required value`,
      ],
    ],
    ['image', volume({ image: {} }), [`${V}.image.reference: Required value`]],
    [
      'flexVolume',
      volume({ flexVolume: { options: { 'a.kubernetes.io/b': '1' } } }),
      [
        `${V}.flexVolume.driver: Required value`,
        `${V}.flexVolume.options[a.kubernetes.io/b]: Invalid value: "a.kubernetes.io/b": kubernetes.io and k8s.io namespaces are reserved`,
      ],
    ],
    [
      'azureDisk',
      volume({ azureDisk: { diskName: 'd', diskURI: 'x', kind: 'Managed', cachingMode: 'Some' } }),
      [
        `${V}.azureDisk.cachingMode: Unsupported value: "Some": supported values: "None", "ReadOnly", "ReadWrite"`,
        says(`${V}.azureDisk.diskURI: Unsupported value: "x": supported values: "/subscriptions/`),
      ],
    ],
    [
      'emptyDir',
      volume({ emptyDir: { sizeLimit: '-1' } }),
      [`${V}.emptyDir.sizeLimit: Forbidden: SizeLimit field must be a valid resource quantity`],
    ],
    [
      'gcePersistentDisk',
      volume({ gcePersistentDisk: { partition: 256 } }),
      [
        `${V}.persistentDisk.pdName: Required value`,
        `${V}.persistentDisk.partition: Invalid value: 256: must be between 1 and 255, inclusive`,
      ],
    ],
    [
      'fc',
      volume({ fc: { targetWWNs: ['a'] } }),
      [`${V}.fc.lun: Required value: lun is required if targetWWNs is specified`],
    ],
  ])
})

describe('mounts and devices are refused:', () => {
  const mounted = (mounts: object[], more: object = {}) =>
    pod({ containers: [{ ...web, volumeMounts: mounts, ...more }], volumes: [{ name: 'v' }, { name: 'w' }] })
  const M = `${C}.volumeMounts`
  refuses([
    [
      'nowhere, and twice in one place',
      mounted([
        { name: 'x', mountPath: '/a' },
        { name: 'v', mountPath: '' },
        { name: 'w', mountPath: '/a' },
      ]),
      [
        `${M}[0].name: Not found: "x"`,
        `${M}[1].mountPath: Required value`,
        `${M}[2].mountPath: Invalid value: "/a": must be unique`,
      ],
    ],
    [
      'paths that lead out',
      mounted([{ name: 'v', mountPath: '/a', subPath: '../x', subPathExpr: '/y' }]),
      [
        `${M}.subPath: Invalid value: "../x": must not contain '..'`,
        `${M}[0].subPathExpr: Invalid value: "/y": subPathExpr and subPath are mutually exclusive`,
        `${M}.subPathExpr: Invalid value: "/y": must be a relative path`,
      ],
    ],
    [
      'propagation',
      mounted([
        { name: 'v', mountPath: '/a', mountPropagation: 'Bidirectional' },
        { name: 'w', mountPath: '/b', mountPropagation: 'Some', recursiveReadOnly: 'Enabled' },
      ]),
      [
        `${M}.mountPropagation: Forbidden: Bidirectional mount propagation is available only to privileged containers`,
        `${M}.mountPropagation: Unsupported value: "Some": supported values: "Bidirectional", "HostToContainer", "None"`,
        `${M}.recursiveReadOnly: Forbidden: may only be specified when readOnly is true`,
        `${M}.recursiveReadOnly: Forbidden: may only be specified when mountPropagation is None or not specified`,
      ],
    ],
    [
      'a device that is a directory, and mounted too',
      mounted([{ name: 'v', mountPath: '/a' }], { volumeDevices: [{ name: 'v', devicePath: '/../a' }] }),
      [
        `${M}[0].name: Invalid value: "v": must not already exist in volumeDevices`,
        `${C}.volumeDevices[0].name: Invalid value: "v": can only use volume source type of PersistentVolumeClaim or Ephemeral for block mode`,
        `${C}.volumeDevices[0].devicePath: Invalid value: "/../a": can not contain backsteps ('..')`,
        `${C}.volumeDevices[0].name: Invalid value: "v": must not already exist in volumeMounts`,
      ],
    ],
  ])
})

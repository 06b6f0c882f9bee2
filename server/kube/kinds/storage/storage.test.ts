import { describe, expect, it } from 'vitest'
import type { AnyKind } from '../define-kind.ts'
import {
  CSIDriver,
  CSINode,
  CSIStorageCapacity,
  PersistentVolume,
  PersistentVolumeClaim,
  StorageClass,
  VolumeAttachment,
  VolumeAttributesClass,
} from '../index.ts'
import { defaulted, problems, row, updateProblems } from '../testing/kind-facts.ts'

const volume = (spec: object = {}) => ({
  spec: { capacity: { storage: '1Gi' }, accessModes: ['ReadWriteOnce'], hostPath: { path: '/data' }, ...spec },
})
const claim = (spec: object = {}, status?: object) => ({
  spec: { accessModes: ['ReadWriteOnce'], resources: { requests: { storage: '2Gi' } }, ...spec },
  ...(status ? { status } : {}),
})
const MODES = '"ReadOnlyMany", "ReadWriteMany", "ReadWriteOnce", "ReadWriteOncePod"'

describe('kinds of storage', () => {
  it('fill in what Kubernetes fills in', () => {
    expect(defaulted(PersistentVolume, volume()).spec).toMatchObject({
      persistentVolumeReclaimPolicy: 'Retain',
      volumeMode: 'Filesystem',
      hostPath: { type: '' },
    })
    expect(defaulted(PersistentVolumeClaim, claim()).spec).toMatchObject({ volumeMode: 'Filesystem' })
    expect(defaulted(StorageClass, { provisioner: 'a' })).toEqual({
      provisioner: 'a',
      reclaimPolicy: 'Delete',
      volumeBindingMode: 'Immediate',
    })
    expect(defaulted(CSIDriver, { spec: {} }).spec).toEqual({
      attachRequired: true,
      podInfoOnMount: false,
      storageCapacity: false,
      fsGroupPolicy: 'ReadWriteOnceWithFSType',
      requiresRepublish: false,
      seLinuxMount: false,
      volumeLifecycleModes: ['Persistent'],
    })
  })

  it.each([
    [PersistentVolume, volume(), []],
    [
      PersistentVolume,
      { spec: {} },
      [
        'spec.accessModes: Required value',
        'spec.capacity: Required value',
        'spec.capacity: Unsupported value: null: supported values: "storage"',
        'spec: Required value: must specify a volume type',
      ],
    ],
    [
      PersistentVolume,
      volume({ nfs: { server: 'a', path: 'b' }, accessModes: ['Twice'] }),
      [
        `spec.accessModes: Unsupported value: "Twice": supported values: ${MODES}`,
        'spec.nfs: Forbidden: may not specify more than 1 volume type',
      ],
    ],
    [
      PersistentVolume,
      volume({ hostPath: { path: '/' }, persistentVolumeReclaimPolicy: 'Recycle', capacity: { storage: '0' } }),
      [
        'spec.capacity[storage]: Invalid value: "0": must be greater than zero',
        "spec.persistentVolumeReclaimPolicy: Forbidden: may not be 'recycle' for a hostPath mount of '/'",
      ],
    ],
    [
      PersistentVolume,
      volume({ hostPath: undefined, local: { path: '../a' } }),
      [
        'spec.local.path: Invalid value: "../a": must not contain \'..\'',
        'spec.nodeAffinity: Required value: Local volume requires node affinity',
      ],
    ],
    [
      PersistentVolumeClaim,
      { spec: {} },
      [
        'spec.accessModes: Required value: at least 1 access mode is required',
        'spec.resources[storage]: Required value',
      ],
    ],
    [
      PersistentVolumeClaim,
      claim({ accessModes: ['ReadWriteOncePod', 'ReadOnlyMany'], resources: { requests: { storage: '-1' } } }),
      [
        'spec.accessModes: Forbidden: may not use ReadWriteOncePod with other access modes',
        'spec.resources[storage]: Invalid value: "-1": must be greater than zero',
      ],
    ],
    [StorageClass, {}, ['provisioner: Required value']],
    [
      StorageClass,
      { provisioner: 'kubernetes.io/no-provisioner', reclaimPolicy: 'Recycle', volumeBindingMode: 'Later' },
      [
        'reclaimPolicy: Unsupported value: "Recycle": supported values: "Delete", "Retain"',
        'volumeBindingMode: Unsupported value: "Later": supported values: "Immediate", "WaitForFirstConsumer"',
      ],
    ],
    [
      PersistentVolumeClaim,
      claim({
        dataSource: { kind: 'VolumeSnapshot', apiGroup: 'a b', name: 's' },
        dataSourceRef: { kind: 'VolumeSnapshot', apiGroup: 'a.b', name: 's', namespace: 'N' },
        volumeAttributesClassName: 'A',
      }),
      [
        expect.stringContaining('spec.dataSource.apiGroup: Invalid value: "a b": a lowercase RFC 1123 subdomain must'),
        expect.stringContaining('spec.dataSourceRef.namespace: Invalid value: "N": a lowercase RFC 1123 label must'),
        'spec: Invalid value: {}: may not be specified when dataSourceRef.namespace is specified',
        expect.stringContaining('spec.volumeAttributesClassName: Invalid value: "A": a lowercase RFC 1123 subdomain'),
      ],
    ],
    [
      VolumeAttributesClass,
      { driverName: 'a' },
      ['parameters: Required value: must contain at least one key/value pair'],
    ],
    [
      VolumeAttachment,
      { spec: { attacher: 'a', nodeName: 'n', source: {} } },
      ['spec.source: Required value: must specify exactly one of inlineVolumeSpec and persistentVolumeName'],
    ],
    [
      PersistentVolume,
      volume({ hostPath: undefined, csi: { driver: 'a.io', volumeHandle: 'v' }, volumeAttributesClassName: 'A' }),
      [expect.stringContaining('spec.volumeAttributesClassName: Invalid value: "A": a lowercase RFC 1123 subdomain')],
    ],
    [
      CSIDriver,
      { spec: { tokenRequests: [{ audience: 'a', expirationSeconds: 5 }, { audience: 'a' }], fsGroupPolicy: 'x' } },
      [
        'spec.fsGroupPolicy: Unsupported value: "x": supported values: "File", "None", "ReadWriteOnceWithFSType"',
        'spec.tokenRequests[0].expirationSeconds: Invalid value: 5: may not specify a duration less than 10 minutes',
        'spec.tokenRequests[1].audience: Duplicate value: "a"',
      ],
    ],
    [
      CSINode,
      {
        spec: {
          drivers: [
            { name: 'a', nodeID: '' },
            { name: 'a', nodeID: 'n', allocatable: { count: -1 } },
          ],
        },
      },
      [
        'spec.drivers[0].nodeID: Required value',
        'spec.drivers[1].allocatable.count: Invalid value: -1: must be greater than or equal to 0',
        'spec.drivers[1].name: Duplicate value: "a"',
      ],
    ],
    [
      CSIStorageCapacity,
      { storageClassName: 'fast', capacity: '-1' },
      ['capacity: Invalid value: "-1": must be greater than or equal to 0'],
    ],
  ] as [AnyKind, object, string[]][])('refuse a $kind that cannot work: %j', (kind, object, expected) => {
    expect(problems(kind, object)).toEqual(expected)
  })

  const FROZEN = expect.stringContaining(
    'spec: Forbidden: spec is immutable after creation except resources.requests and volumeAttributesClassName for bound claims\n',
  )
  const moved = expect.stringContaining(
    'spec.persistentvolumesource: Forbidden: spec.persistentvolumesource is immutable after creation\n',
  )
  const fast = { volumeAttributesClassName: 'fast' }
  const csi = (told: object = {}) =>
    volume({ hostPath: undefined, csi: { driver: 'a.io', volumeHandle: 'v', ...told } })
  const secret = { controllerExpandSecretRef: { name: 'a', namespace: 'b' } }
  const bound = { phase: 'Bound', capacity: { storage: '2Gi' } }
  const BETA = 'volume.beta.kubernetes.io/storage-class'
  const beta = (name: string, spec: object = {}) => ({ metadata: { annotations: { [BETA]: name } }, ...claim(spec) })
  const betaIs = (name: string) => `metadata.annotations.${BETA}: Invalid value: "${name}": field is immutable`
  it.each([
    ['grow a bound claim', claim({}, bound), claim({ resources: { requests: { storage: '3Gi' } } }, bound), []],
    ['grow an unbound claim', claim(), claim({ resources: { requests: { storage: '3Gi' } } }), [FROZEN]],
    [
      'shrink it below what there is',
      claim({}, bound),
      claim({ resources: { requests: { storage: '1Gi' } } }, bound),
      ['spec.resources.requests.storage: Forbidden: field can not be less than status.capacity'],
    ],
    ['bind it', claim(), claim({ volumeName: 'v' }), []],
    ['bind it to another', claim({ volumeName: 'v' }), claim({ volumeName: 'w' }), [FROZEN]],
    ['give it the class that became default', claim(), claim({ storageClassName: 'fast' }), []],
    ['give it the class of nothing', claim(), claim({ storageClassName: '' }), []],
    ['give it a class by its old annotation', claim(), beta('fast'), [betaIs('fast')]],
    ['name its class anew in the field', beta('fast'), claim({ storageClassName: 'fast' }), []],
    ['name another in the field', beta('fast'), beta('fast', { storageClassName: 'slow' }), [FROZEN]],
    ['take the old annotation away', beta('fast'), claim(), [betaIs('')]],
    [
      'give it other attributes while it is not bound',
      claim(fast),
      claim({ volumeAttributesClassName: 'slow' }),
      [FROZEN],
    ],
    ['give it other attributes', claim(fast, bound), claim({ volumeAttributesClassName: 'slow' }, bound), []],
    ['take back attributes that never came to be', claim(fast, bound), claim({}, bound), []],
    [
      'name none for attributes that never came to be',
      claim(fast, bound),
      claim({ volumeAttributesClassName: '' }, bound),
      [],
    ],
    [
      'name none for attributes that it has',
      claim(fast, { ...bound, currentVolumeAttributesClassName: 'fast' }),
      claim({ volumeAttributesClassName: '' }, bound),
      [
        'spec.volumeAttributesClassName: Forbidden: update to empty string is forbidden when status.currentVolumeAttributesClassName is not nil',
      ],
    ],
    [
      'take back attributes that it has',
      claim(fast, { ...bound, currentVolumeAttributesClassName: 'fast' }),
      claim({}, bound),
      [
        'spec.volumeAttributesClassName: Forbidden: update to nil is forbidden when status.currentVolumeAttributesClassName is not nil',
      ],
    ],
  ])('judge whoever would %s', (_what, previous, next, expected) => {
    expect(updateProblems(PersistentVolumeClaim, previous, next)).toEqual(expected)
  })

  it('keep what may not change', () => {
    expect(updateProblems(StorageClass, { provisioner: 'a', parameters: { a: 'b' } }, { provisioner: 'b' })).toEqual([
      'parameters: Invalid value: null: field is immutable',
      'provisioner: Invalid value: "b": field is immutable',
    ])
    expect(updateProblems(PersistentVolume, volume(), volume({ hostPath: { path: '/other' } }))).toEqual([moved])
    expect(updateProblems(PersistentVolume, csi(), csi(secret)), 'a secret for making it larger, told later').toEqual(
      [],
    )
    expect(updateProblems(PersistentVolume, csi(secret), csi())).toEqual([moved])
    expect(updateProblems(PersistentVolume, volume(fast), volume())).toEqual([
      'spec.volumeAttributesClassName: Forbidden: update from non-nil value to nil is forbidden',
    ])
    const node = (count: number, nodeID: string) => ({
      spec: { drivers: [{ name: 'a', nodeID, allocatable: { count } }] },
    })
    expect(updateProblems(CSINode, node(1, 'n'), node(2, 'n'))).toEqual([])
    expect(updateProblems(CSINode, node(1, 'n'), node(1, 'm'))).toEqual([
      'spec.drivers: Invalid value: {"Name":"a","NodeID":"m","TopologyKeys":null,"Allocatable":null}: field is immutable',
    ])
    const negative = 'spec.drivers[0].allocatable.count: Invalid value: -1: must be greater than or equal to 0'
    expect(updateProblems(CSINode, node(1, 'n'), node(-1, 'n')), 'told as two causes').toEqual([negative, negative])
    const nothing = 'parameters: Required value: must contain at least one key/value pair'
    expect(updateProblems(VolumeAttributesClass, { driverName: 'a' }, { driverName: 'a' })).toEqual([nothing, nothing])
  })

  it.each([
    ['stays', { phase: 'Bound' }, 'before'],
    ['stays, and its time is told anew', { phase: 'Bound', lastPhaseTransitionTime: 'told' }, 'told'],
    ['is another one', { phase: 'Released' }, 'now'],
    ['is another one, sent with the old time', { phase: 'Released', lastPhaseTransitionTime: 'before' }, 'now'],
    ['is another one, with its time', { phase: 'Released', lastPhaseTransitionTime: 'told' }, 'told'],
  ])('tell since when a volume has its phase where it %s', (_what, status, time) => {
    const occasion = { user: { name: 'loop', groups: [] }, now: 'now', warn: () => undefined }
    const { prepareForCreate, prepareForStatusUpdate } = PersistentVolume.strategy
    const made = structuredClone(volume())
    prepareForCreate?.(made, occasion)
    expect(made).toMatchObject({ status: { phase: 'Pending', lastPhaseTransitionTime: 'now' } })
    const next = { ...volume(), status }
    prepareForStatusUpdate?.(
      next,
      { ...volume(), status: { phase: 'Bound', lastPhaseTransitionTime: 'before' } },
      occasion,
    )
    expect(next.status).toEqual({ phase: status.phase, lastPhaseTransitionTime: time })
  })

  it('are shown as kubectl shows them', () => {
    const made = { name: 'data', creationTimestamp: '2026-01-01T00:00:00Z' }
    const spec = { ...volume({ claimRef: { namespace: 'shop', name: 'data' }, storageClassName: 'fast' }).spec }
    expect(
      row(PersistentVolume, { metadata: made, ...defaulted(PersistentVolume, { spec }), status: { phase: 'Bound' } }),
    ).toEqual({
      Name: 'data',
      Capacity: '1Gi',
      'Access Modes': 'RWO',
      'Reclaim Policy': 'Retain',
      Status: 'Bound',
      Claim: 'shop/data',
      StorageClass: 'fast',
      VolumeAttributesClass: '<unset>',
      Reason: '',
      Age: '60m',
      VolumeMode: 'Filesystem',
    })
    const pending = { metadata: { ...made, deletionTimestamp: made.creationTimestamp }, ...claim() }
    expect(row(PersistentVolumeClaim, pending)).toMatchObject({
      Status: 'Terminating',
      Capacity: '',
      'Access Modes': '',
    })
    const isDefault = { annotations: { 'storageclass.kubernetes.io/is-default-class': 'true' } }
    expect(row(StorageClass, { metadata: { ...made, ...isDefault }, provisioner: 'a' })).toMatchObject({
      Name: 'data (default)',
      AllowVolumeExpansion: false,
    })
  })
})

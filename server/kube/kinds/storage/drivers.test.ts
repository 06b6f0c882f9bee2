import { describe, expect, it } from 'vitest'
import type { AnyKind } from '../define-kind.ts'
import {
  CSIDriver,
  CSINode,
  PersistentVolume,
  PersistentVolumeClaim,
  StorageClass,
  VolumeAttachment,
} from '../index.ts'
import { problems, statusProblems, updateProblems } from '../testing/kind-facts.ts'

const attached = (inlineVolumeSpec: object) => ({
  spec: { attacher: 'a', nodeName: 'n', source: { inlineVolumeSpec } },
})
const LOCAL = { capacity: { storage: '1Gi' }, accessModes: ['ReadWriteOnce'], hostPath: { path: '/data' } }
const INLINE = 'spec.source.inlineVolumeSpec'
const topologies = (...allowedTopologies: object[]) => ({ provisioner: 'a', allowedTopologies })
const zones = (...values: string[]) => ({ matchLabelExpressions: [{ key: 'zone', values }] })

describe('what storage drivers are told of and tell', () => {
  it.each([
    [
      VolumeAttachment,
      { spec: { attacher: 'a', nodeName: 'n', source: { persistentVolumeName: 'A b' } } },
      [
        expect.stringContaining(
          'spec.source.persistentVolumeName: Invalid value: "A b": a lowercase RFC 1123 subdomain',
        ),
      ],
    ],
    [VolumeAttachment, attached({ accessModes: ['ReadWriteOnce'], csi: { driver: 'a.io', volumeHandle: 'v' } }), []],
    [
      VolumeAttachment,
      attached({ ...LOCAL, storageClassName: 'A', persistentVolumeReclaimPolicy: 'Delete', volumeMode: 'Block' }),
      [
        `${INLINE}.capacity: Forbidden: may not be specified in the context of inline volumes`,
        `${INLINE}.csi: Required value: has to be specified in the context of inline volumes`,
        `${INLINE}.persistentVolumeReclaimPolicy: Forbidden: may only be Retain in the context of inline volumes`,
        `${INLINE}.storageClassName: Forbidden: may not be specified in the context of inline volumes`,
        `${INLINE}.volumeMode: Forbidden: may not specify volumeMode other than Filesystem in the context of inline volumes`,
      ],
    ],
    [
      CSIDriver,
      { spec: { serviceAccountTokenInSecrets: false } },
      [
        'spec.serviceAccountTokenInSecrets: Invalid value: false: serviceAccountTokenInSecrets is set but no tokenRequests are specified',
      ],
    ],
    [CSIDriver, { spec: { serviceAccountTokenInSecrets: true, tokenRequests: [{ audience: '' }] } }, []],
    [
      CSINode,
      {
        spec: {
          drivers: [
            { name: 'a', nodeID: 'n', topologyKeys: ['', 'zone', 'zone'] },
            { name: 'a', nodeID: '' },
          ],
        },
      },
      [
        'spec.drivers[0]: Required value',
        expect.stringContaining('spec.drivers[0]: Invalid value: "": name part must be non-empty'),
        expect.stringContaining('spec.drivers[0]: Invalid value: "": name part must consist of'),
        'spec.drivers[0]: Duplicate value: "zone"',
        'spec.drivers[1].nodeID: Required value',
        'spec.drivers[1].name: Duplicate value: "a"',
      ],
    ],
    [StorageClass, topologies(zones('a'), zones('b')), []],
    [
      StorageClass,
      topologies(zones('a', 'b', 'a'), zones('b', 'a')),
      [
        'allowedTopologies[0].matchLabelExpressions[0].values[2]: Duplicate value: "a"',
        'allowedTopologies[1].matchLabelExpressions: Duplicate value: ""',
      ],
    ],
    [
      StorageClass,
      topologies({
        matchLabelExpressions: [{ key: 'zone' }, { key: 'zone', values: ['a'] }, { key: 'a b', values: ['a'] }],
      }),
      [
        'allowedTopologies[0].matchLabelExpressions[0].values: Required value',
        'allowedTopologies[0].matchLabelExpressions[1].key: Duplicate value: "zone"',
        expect.stringContaining(
          'allowedTopologies[0].matchLabelExpressions[2].key: Invalid value: "a b": name part must',
        ),
      ],
    ],
    [StorageClass, topologies({}), ['allowedTopologies[0].matchLabelExpressions: Duplicate value: ""']],
  ] as [AnyKind, object, string[]][])('is looked at: $kind %#', (kind, object, expected) => {
    expect(problems(kind, object)).toEqual(expected)
  })

  it('lets a volume stay where it is, by the new name of a label too', () => {
    const at = (key: string, value: string) => ({
      spec: {
        ...LOCAL,
        nodeAffinity: {
          required: { nodeSelectorTerms: [{ matchExpressions: [{ key, operator: 'In', values: [value] }] }] },
        },
      },
    })
    const beta = at('failure-domain.beta.kubernetes.io/zone', 'a')
    expect(updateProblems(PersistentVolume, beta, at('topology.kubernetes.io/zone', 'a'))).toEqual([])
    expect(updateProblems(PersistentVolume, at('topology.kubernetes.io/zone', 'a'), beta)).toHaveLength(1)
    expect(updateProblems(PersistentVolume, beta, at('topology.kubernetes.io/zone', 'b'))).toEqual([
      'nodeAffinity: Invalid value: {"Required":{"NodeSelectorTerms":[{"MatchExpressions":[{"Key":"topology.kubernetes.io/zone","Operator":"In","Values":["b"]}],"MatchFields":null}]}}: field is immutable, except for updating from beta label to GA',
    ])
    expect(updateProblems(PersistentVolume, beta, { spec: LOCAL })).toEqual([
      'nodeAffinity: Invalid value: null: field is immutable, except for updating from beta label to GA',
    ])
    expect(updateProblems(PersistentVolume, beta, { spec: { ...LOCAL, nodeAffinity: { required: {} } } })).toContain(
      'nodeAffinity: Invalid value: {"Required":{"NodeSelectorTerms":null}}: field is immutable, except for updating from beta label to GA',
    )
  })

  it('keeps an attachment what it is', () => {
    const at = (nodeName: string) => ({ spec: { attacher: 'a', nodeName, source: { persistentVolumeName: 'v' } } })
    expect(updateProblems(VolumeAttachment, at('n'), at('m'))).toEqual([
      'spec: Invalid value: {"Attacher":"a","Source":{"PersistentVolumeName":"v","InlineVolumeSpec":null},"NodeName":"m"}: field is immutable',
    ])
  })

  it('knows no keys and no list of them apart', () => {
    const driver = (told: object) => ({ spec: { drivers: [{ name: 'a', nodeID: 'n', ...told }] } })
    expect(updateProblems(CSINode, driver({ topologyKeys: [] }), driver({}))).toEqual([])
  })

  it('counts how often a driver was changed', () => {
    const next = { metadata: { name: 'a' }, spec: { podInfoOnMount: true } }
    CSIDriver.strategy.prepareForUpdate?.(next, { metadata: { name: 'a' }, spec: {} })
    expect(next.metadata).toEqual({ name: 'a', generation: 1 })
  })

  it('say nothing of attachments that cannot be', () => {
    const attachError = { message: 'x'.repeat(1025), errorCode: -1 }
    const attachmentMetadata = { a: 'x'.repeat(256 * 1024) }
    expect(
      statusProblems(VolumeAttachment, {}, { status: { attached: false, attachError, attachmentMetadata } }),
    ).toEqual([
      'status.attachmentMetadata: Too long: may not be more than 262144 bytes',
      'status.attachError.message: Too long: may not be more than 262144 bytes',
      'status.attachError.errorCode: Invalid value: -1: must be between 0 and 2147483647, inclusive',
    ])
  })

  it('says of claims how large they are and become', () => {
    const status = {
      capacity: { storage: '-1500m' },
      allocatedResources: { cpu: '1', 'a.io/b': '-1', storage: '1Gi' },
      allocatedResourceStatuses: { storage: 'Growing', 'a b': 'NodeResizePending' },
    }
    expect(statusProblems(PersistentVolumeClaim, {}, { status })).toEqual([
      'status.capacity[storage]: Invalid value: -2: must be a valid resource quantity',
      'status.allocatedResourceStatuses: Unsupported value: "storage": supported values: "ControllerResizeInProgress", "ControllerResizeInfeasible", "NodeResizeInProgress", "NodeResizeInfeasible", "NodeResizePending"',
      expect.stringContaining('status.allocatedResourceStatuses: Invalid value: "a b": name part must consist of'),
      'status.allocatedResources: Unsupported value: "cpu": supported values: "storage"',
      'status.allocatedResources[a.io/b]: Invalid value: -1: must be a valid resource quantity',
    ])
  })
})

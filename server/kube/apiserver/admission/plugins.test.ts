import { describe, expect, it } from 'vitest'
import type { KubeObject } from '../../apimachinery/object-meta.ts'
import type { AnyKind } from '../../kinds/define-kind.ts'
import {
  Ingress,
  IngressClass,
  Namespace,
  Node,
  PersistentVolume,
  PersistentVolumeClaim,
  Pod,
  PriorityClass,
  ResourceClaim,
  ResourceClaimTemplate,
  RuntimeClass,
  StorageClass,
  VolumeAttributesClass,
} from '../../kinds/index.ts'
import { askPlugin, type There } from '../testing/ask-plugin.ts'
import { defaultIngressClass, defaultStorageClass } from './default-classes.ts'
import { defaultTolerationSeconds } from './default-toleration-seconds.ts'
import { deviceAdminAccess } from './device-admin-access.ts'
import { nodeDeclaredFeatures } from './node-declared-features.ts'
import { nodeRestriction } from './node-restriction.ts'
import { persistentVolumeClaimResize } from './persistent-volume-claim-resize.ts'
import { priority } from './priority.ts'
import { runtimeClass } from './runtime-class.ts'
import { storageObjectInUseProtection } from './storage-object-in-use-protection.ts'

const named = (name: string, more: object = {}) => ({ metadata: { name }, ...more }) as KubeObject
const pod = (spec: object = {}) => named('web', { spec: { containers: [], ...spec } })

describe('Priority', () => {
  const high = named('high', { value: 100, preemptionPolicy: 'Never' })
  const normal = named('normal', { value: 7, globalDefault: true, preemptionPolicy: 'PreemptLowerPriority' })
  const least = named('least', { value: 1, globalDefault: true, preemptionPolicy: 'PreemptLowerPriority' })
  const there: There = [high, normal, least].map((one) => [PriorityClass, one])

  it.each([
    ['nothing where there are no classes', {}, [], { priority: 0, preemptionPolicy: 'PreemptLowerPriority' }],
    [
      'that of the class',
      { priorityClassName: 'high' },
      there,
      { priorityClassName: 'high', priority: 100, preemptionPolicy: 'Never' },
    ],
    ['the least of the defaults', {}, there, { priorityClassName: 'least', priority: 1 }],
    ['what it has already', { priorityClassName: 'high', priority: 100 }, there, { priority: 100 }],
  ] as [string, object, There, object][])('gives a pod %s', async (_what, spec, objects, expected) => {
    const { object, refused } = await askPlugin(priority, { kind: Pod, object: pod(spec) }, objects)
    expect(refused).toBeUndefined()
    expect(object).toMatchObject({ spec: expected })
  })

  it.each([
    [{ priorityClassName: 'none' }, 'no PriorityClass with name none was found'],
    [
      { priorityClassName: 'high', priority: 5 },
      'the integer value of priority (5) must not be provided in pod spec; priority admission controller computed 100 from the given PriorityClass name',
    ],
    [
      { priorityClassName: 'high', preemptionPolicy: 'PreemptLowerPriority' },
      'the string value of PreemptionPolicy (PreemptLowerPriority) must not be provided in pod spec; priority admission controller computed Never from the given PriorityClass name',
    ],
  ])('refuses %j', async (spec, why) => {
    const { refused } = await askPlugin(priority, { kind: Pod, object: pod(spec) }, there)
    expect(refused).toBe(`pods "web" is forbidden: ${why}`)
  })

  it('keeps a pod’s priority when an update leaves it out', async () => {
    const previous = pod({ priority: 100, preemptionPolicy: 'Never' })
    const { object } = await askPlugin(priority, { kind: Pod, object: pod(), previous }, there)
    expect(object).toEqual(previous)
  })

  it('takes one default only', async () => {
    const second = named('second', { value: 3, globalDefault: true })
    const { refused } = await askPlugin(priority, { kind: PriorityClass, object: second }, there)
    expect(refused).toBe(
      'priorityclasses.scheduling.k8s.io "second" is forbidden: PriorityClass least is already marked as default. Only one default can exist',
    )
    expect(
      (await askPlugin(priority, { kind: PriorityClass, object: least, previous: least }, there)).refused,
    ).toBeUndefined()
  })
})

describe('DefaultTolerationSeconds', () => {
  const minutes = (name: string) => ({
    key: `node.kubernetes.io/${name}`,
    operator: 'Exists',
    effect: 'NoExecute',
    tolerationSeconds: 300,
  })
  const own = (key?: string, effect?: string) => ({
    ...(key ? { key: `node.kubernetes.io/${key}` } : {}),
    operator: 'Exists',
    ...(effect ? { effect } : {}),
  })

  it.each([
    ['nothing', [], [minutes('not-ready'), minutes('unreachable')]],
    ['one of the two', [own('not-ready', 'NoExecute')], [own('not-ready', 'NoExecute'), minutes('unreachable')]],
    ['every effect of one', [own('unreachable')], [own('unreachable'), minutes('not-ready')]],
    ['everything', [own()], [own()]],
    [
      'another effect',
      [own('not-ready', 'NoSchedule')],
      [own('not-ready', 'NoSchedule'), minutes('not-ready'), minutes('unreachable')],
    ],
  ])('lets a pod stay for five minutes that tolerates %s', async (_what, tolerations, expected) => {
    const { object } = await askPlugin(defaultTolerationSeconds, { kind: Pod, object: pod({ tolerations }) })
    expect(object).toMatchObject({ spec: { tolerations: expected } })
  })
})

describe('default classes', () => {
  const made = (name: string, annotation: string, creationTimestamp: string) =>
    named(name, { metadata: { name, creationTimestamp, annotations: { [annotation]: 'true' } } })
  const storage = 'storageclass.kubernetes.io/is-default-class'
  const ingress = 'ingressclass.kubernetes.io/is-default-class'
  const there: There = [
    [StorageClass, made('old', storage, '2026-01-01T00:00:00Z')],
    [StorageClass, made('new-b', storage, '2026-01-02T00:00:00Z')],
    [StorageClass, made('new-a', storage, '2026-01-02T00:00:00Z')],
    [StorageClass, named('plain', { metadata: { name: 'plain', creationTimestamp: '2026-01-03T00:00:00Z' } })],
    [IngressClass, made('nginx', ingress, '2026-01-01T00:00:00Z')],
  ]

  it.each([
    [{}, 'new-a'],
    [{ storageClassName: '' }, ''],
    [{ storageClassName: 'plain' }, 'plain'],
  ])('are given to a claim of %j', async (spec, name) => {
    const { object } = await askPlugin(
      defaultStorageClass,
      { kind: PersistentVolumeClaim, object: named('c', { spec }) },
      there,
    )
    expect(object).toMatchObject({ spec: { storageClassName: name } })
  })

  it('leave a claim alone that names a class in the old way, and where there is none', async () => {
    const old = named('c', {
      metadata: { name: 'c', annotations: { 'volume.beta.kubernetes.io/storage-class': 'x' } },
      spec: {},
    })
    expect((await askPlugin(defaultStorageClass, { kind: PersistentVolumeClaim, object: old }, there)).object).toEqual(
      old,
    )
    const claim = named('c', { spec: {} })
    expect((await askPlugin(defaultStorageClass, { kind: PersistentVolumeClaim, object: claim })).object).toEqual(claim)
  })

  it('are given to an Ingress', async () => {
    const ask = async (object: KubeObject) =>
      (await askPlugin(defaultIngressClass, { kind: Ingress, object }, there)).object
    expect(await ask(named('i', { spec: {} }))).toMatchObject({ spec: { ingressClassName: 'nginx' } })
    const annotated = named('i', {
      metadata: { name: 'i', annotations: { 'kubernetes.io/ingress.class': 'x' } },
      spec: {},
    })
    expect(await ask(annotated)).toEqual(annotated)
  })
})

describe('protection and growth of storage', () => {
  it('gives claims, volumes and classes of their attributes their finalizers once', async () => {
    const ask = async (kind: AnyKind, object: KubeObject) =>
      (await askPlugin(storageObjectInUseProtection, { kind, object })).object?.metadata?.finalizers
    expect(await ask(PersistentVolume, named('v'))).toEqual(['kubernetes.io/pv-protection'])
    expect(await ask(VolumeAttributesClass, named('gold'))).toEqual(['kubernetes.io/vac-protection'])
    const finalizers = ['a/b', 'kubernetes.io/pvc-protection']
    expect(await ask(PersistentVolumeClaim, { metadata: { name: 'c', finalizers } })).toEqual(finalizers)
  })

  const claim = (storage: string, phase = 'Bound') =>
    named('c', { spec: { storageClassName: 'fast', resources: { requests: { storage } } }, status: { phase } })
  const grows = named('fast', { allowVolumeExpansion: true })
  it.each([
    ['a class that can', claim('1Gi'), claim('2Gi'), grows, undefined],
    ['the same size', claim('1Gi'), claim('1024Mi'), named('fast'), undefined],
    [
      'an unbound claim',
      claim('1Gi', 'Pending'),
      claim('2Gi'),
      grows,
      'Only bound persistent volume claims can be expanded',
    ],
    [
      'a class that cannot',
      claim('1Gi'),
      claim('2Gi'),
      named('fast'),
      'only dynamically provisioned pvc can be resized and the storageclass that provisions the pvc must support resize',
    ],
  ])('judges growth with %s', async (_what, previous, object, storageClass, why) => {
    const { refused } = await askPlugin(
      persistentVolumeClaimResize,
      { kind: PersistentVolumeClaim, object, previous },
      [[StorageClass, storageClass]],
    )
    expect(refused).toBe(why && `persistentvolumeclaims "c" is forbidden: ${why}`)
  })
})

describe('NodeDeclaredFeatureValidator', () => {
  const onNode = (qosClass: string, cpu: string, more: object = {}, generation = 1) =>
    named('web', {
      metadata: { name: 'web', generation },
      spec: { nodeName: 'n', containers: [{ name: 'c', resources: { requests: { cpu } } }], ...more },
      status: { qosClass },
    })
  const told = (...declaredFeatures: string[]): There => [[Node, named('n', { status: { declaredFeatures } })]]
  const lacks = (name: string) => `pod update requires features ${name} which are not available on node "n"`
  const guaranteed = onNode('Guaranteed', '1')
  const more = onNode('Guaranteed', '2', {}, 2)
  const together = onNode('Burstable', '1', { resources: { requests: { cpu: '2' } } }, 2)

  it.each<[string, KubeObject, KubeObject, There, string | undefined]>([
    ['more for a pod that has all it asks for', guaranteed, more, told('GuaranteedQoSPodCPUResize'), undefined],
    ['the same on another node', guaranteed, more, told(), lacks('GuaranteedQoSPodCPUResize')],
    ['the same where nothing is known of the node', guaranteed, more, [], 'node "n" not found'],
    ['more for any other pod', onNode('Burstable', '1'), onNode('Burstable', '2', {}, 2), told(), undefined],
    [
      'something for all containers together',
      onNode('Burstable', '1'),
      together,
      told(),
      lacks('InPlacePodLevelResourcesVerticalScaling'),
    ],
    ['no other spec', guaranteed, onNode('Guaranteed', '2'), told(), undefined],
    ['a pod without a node', pod(), { ...more, spec: { containers: [] } } as KubeObject, told(), undefined],
  ])('judges %s', async (_what, previous, object, there, why) => {
    const asked = { kind: Pod, subresource: 'resize', object, previous }
    const { refused } = await askPlugin(nodeDeclaredFeatures, asked, there)
    expect(refused).toBe(why && `pods "web" is forbidden: ${why}`)
  })
})

describe('RuntimeClass', () => {
  const there: There = [
    [
      RuntimeClass,
      named('sandboxed', {
        overhead: { podFixed: { cpu: '100m' } },
        scheduling: { nodeSelector: { sandbox: 'yes' }, tolerations: [{ key: 'sandbox', operator: 'Exists' }] },
      }),
    ],
    [RuntimeClass, named('plain')],
  ]
  it('brings its overhead and its nodes', async () => {
    const object = pod({ runtimeClassName: 'sandboxed', nodeSelector: { disk: 'ssd' } })
    expect((await askPlugin(runtimeClass, { kind: Pod, object }, there)).object).toMatchObject({
      spec: {
        overhead: { cpu: '100m' },
        nodeSelector: { disk: 'ssd', sandbox: 'yes' },
        tolerations: [{ key: 'sandbox', operator: 'Exists' }],
      },
    })
  })
  it.each([
    [{ runtimeClassName: 'none' }, 'pod rejected: RuntimeClass "none" not found'],
    [
      { runtimeClassName: 'sandboxed', overhead: { cpu: '1' } },
      "pod rejected: Pod's Overhead doesn't match RuntimeClass's defined Overhead",
    ],
    [
      { runtimeClassName: 'plain', overhead: { cpu: '1' } },
      'pod rejected: Pod Overhead set without corresponding RuntimeClass defined Overhead',
    ],
    [
      { runtimeClassName: 'sandboxed', nodeSelector: { sandbox: 'no' } },
      'conflict: runtimeClass.Scheduling.NodeSelector[sandbox] = yes; pod.Spec.NodeSelector[sandbox] = no',
    ],
  ])('refuses %j', async (spec, why) => {
    const { refused } = await askPlugin(runtimeClass, { kind: Pod, object: pod(spec) }, there)
    expect(refused).toBe(`pods "web" is forbidden: ${why}`)
  })
})

describe('NodeRestriction', () => {
  const user = { name: 'system:node:n', groups: ['system:nodes'] }
  const node = (labels: Record<string, string>, taints: object[] = []) =>
    ({ metadata: { name: 'n', labels }, spec: { taints } }) as KubeObject
  const own = { 'kubernetes.io/hostname': 'n', 'node.kubernetes.io/x': 'y', role: 'web' }
  it.each([
    ['its own labels', undefined, node(own), undefined],
    [
      'reserved labels',
      undefined,
      node({ 'node-restriction.kubernetes.io/a': '', 'k8s.io/b': '', 'node-role.kubernetes.io/c': '' }),
      'node "n" is not allowed to set the following labels: k8s.io/b, node-restriction.kubernetes.io/a, node-role.kubernetes.io/c',
    ],
    ['what is there', node({ 'node-role.kubernetes.io/c': '' }), node({ 'node-role.kubernetes.io/c': '' }), undefined],
    [
      'a label of others, taken away',
      node({ 'node-role.kubernetes.io/c': '' }),
      node({}),
      'node "n" is not allowed to modify labels: node-role.kubernetes.io/c',
    ],
    [
      'its taints',
      node({}, [{ key: 'a', effect: 'NoSchedule' }]),
      node({}),
      'node "n" is not allowed to modify taints',
    ],
  ])('judges a kubelet that writes %s', async (_what, previous, object, why) => {
    const { refused } = await askPlugin(nodeRestriction, { kind: Node, object, previous, user })
    expect(refused).toBe(why && `nodes "n" is forbidden: ${why}`)
  })

  it('lets a kubelet say of a claim how large its volume has become, and nothing else', async () => {
    const claim = (labels: object, status: object) => named('data', { metadata: { name: 'data', labels }, status })
    const judge = (object: KubeObject) =>
      askPlugin(nodeRestriction, {
        kind: PersistentVolumeClaim,
        subresource: 'status',
        object,
        previous: claim({}, { phase: 'Bound', capacity: { storage: '1Gi' }, conditions: [{ type: 'Resizing' }] }),
        user,
      })
    expect((await judge(claim({}, { phase: 'Bound', capacity: { storage: '2Gi' } }))).refused).toBeUndefined()
    const why = 'node "n" is not allowed to update fields other than status.quantity and status.conditions: '
    const refusals = await Promise.all([claim({ a: 'b' }, { phase: 'Bound' }), claim({}, { phase: 'Lost' })].map(judge))
    for (const { refused } of refusals) expect(refused).toContain(why)
    expect(refusals[1]?.refused).toContain('-    "phase": "Bound"\n+    "phase": "Lost"')
  })
})

describe('access to devices in use', () => {
  const there = (labels: object): There => [[Namespace, named('default', { metadata: { name: 'default', labels } })]]
  const spec = {
    devices: {
      requests: [
        { name: 'a', exactly: {} },
        { name: 'b', exactly: { adminAccess: true } },
      ],
    },
  }
  const why =
    'spec.devices.requests[1].adminAccess: Forbidden: admin access to devices requires the `resource.kubernetes.io/admin-access: true` label on the containing namespace'

  it.each([
    [ResourceClaim, { spec }],
    [ResourceClaimTemplate, { spec: { spec } }],
  ])('is for namespaces that say so', async (kind, object) => {
    const request = { kind: kind as typeof ResourceClaim, object: named('c', object), namespace: 'default' }
    const { refused } = await askPlugin(deviceAdminAccess, request, there({}))
    expect(refused).toBe(`${kind.kind}.resource.k8s.io "c" is invalid: ${why}`)
    const allowed = await askPlugin(
      deviceAdminAccess,
      request,
      there({ 'resource.kubernetes.io/admin-access': 'true' }),
    )
    expect(allowed.refused).toBeUndefined()
  })
})

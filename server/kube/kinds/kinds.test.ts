import type { Deployment as WireDeployment } from 'kubernetes-types/apps/v1'
import type {
  Event as WireEvent,
  Node as WireNode,
  Pod as WirePod,
  Service as WireService,
} from 'kubernetes-types/core/v1'
import { describe, expect, it } from 'vitest'
import type { AnyKind } from './define-kind.ts'
import {
  builtInKinds,
  ClusterRole,
  ClusterRoleBinding,
  ConfigMap,
  Deployment,
  Event,
  Node,
  Pod,
  Role,
  RoleBinding,
  Secret,
  Service,
} from './index.ts'
import { pullPolicyOf } from './pod-template/pod-defaults.ts'

const NOW = Date.parse('2026-01-01T01:00:00Z')
const row = (kind: AnyKind, object: object) =>
  Object.fromEntries(kind.columns.map((column) => [column.name, column.value(object, NOW)]))
const defaulted = <T extends object>(kind: AnyKind, object: T): T => {
  kind.strategy.setDefaults?.(object)
  return object
}
const problems = (kind: AnyKind, object: object) =>
  (kind.strategy.validate?.(defaulted(kind, object)) ?? []).map(({ field, message }) => `${field}: ${message}`)

describe('kinds', () => {
  it('default twice as once', () => {
    const template = {
      metadata: { labels: { a: 'b' } },
      spec: {
        containers: [{ name: 'a', image: 'b', livenessProbe: { httpGet: { port: 80 } } }],
        volumes: [{ name: 'v' }],
      },
    }
    const objects: [AnyKind, object][] = [
      [Pod, { spec: structuredClone(template.spec) }],
      [Deployment, { spec: { selector: { matchLabels: { a: 'b' } }, template: structuredClone(template) } }],
      [Service, { spec: { ports: [{ port: 80 }], type: 'NodePort' } }],
      [Secret, { stringData: { a: 'b' } }],
    ]
    for (const [kind, object] of objects) {
      const once = structuredClone(defaulted(kind, object))
      expect(defaulted(kind, object)).toEqual(once)
    }
  })

  it.each([
    ['nginx', 'Always'],
    ['nginx:latest', 'Always'],
    ['nginx:1.26', 'IfNotPresent'],
    ['registry:5000/nginx', 'Always'],
    ['registry:5000/nginx:1', 'IfNotPresent'],
    ['nginx@sha256:abc', 'IfNotPresent'],
  ])('pull %s %s', (image, policy) => {
    expect(pullPolicyOf(image)).toBe(policy)
  })

  it('make a pod’s requests from its limits', () => {
    const pod = defaulted(Pod, {
      spec: { containers: [{ name: 'a', image: 'b', resources: { limits: { cpu: '1' } } }] },
    } as WirePod)
    expect(pod.spec?.containers[0]?.resources?.requests).toEqual({ cpu: '1' })
    Pod.strategy.prepareForCreate?.(pod)
    expect(pod.status).toEqual({ phase: 'Pending', qosClass: 'Burstable' })
  })

  it('show nodes as kubectl does', () => {
    const node = (status: string, told: Partial<WireNode> = {}) =>
      ({
        metadata: { labels: { 'node-role.kubernetes.io/worker': '', 'node-role.kubernetes.io/edge': '' } },
        status: { conditions: [{ type: 'Ready', status }] },
        ...told,
      }) as WireNode
    expect(row(Node, node('True'))).toMatchObject({ Status: 'Ready', Roles: 'edge,worker', 'Internal-IP': '<none>' })
    expect(row(Node, node('Unknown', { spec: { unschedulable: true } }))).toMatchObject({
      Status: 'NotReady,SchedulingDisabled',
    })
    expect(row(Node, { metadata: {} })).toMatchObject({ Status: 'Unknown', Roles: '<none>' })
  })

  it('show Services as kubectl does', () => {
    const service = (spec: WireService['spec']) => row(Service, { metadata: {}, spec })
    const ports = [
      { port: 80, nodePort: 30080, protocol: 'TCP' },
      { port: 53, protocol: 'UDP' },
    ]
    expect(service({ type: 'NodePort', clusterIP: '10.96.0.5', ports, selector: { a: 'b' } })).toMatchObject({
      'Cluster-IP': '10.96.0.5',
      'External-IP': '<none>',
      'Port(s)': '80:30080/TCP,53/UDP',
      Selector: 'a=b',
    })
    expect(service({ type: 'LoadBalancer' })).toMatchObject({
      'External-IP': '<pending>',
      'Cluster-IP': '<none>',
      'Port(s)': '<none>',
    })
    expect(service({ type: 'ExternalName', externalName: 'example.com' })).toMatchObject({
      'External-IP': 'example.com',
    })
  })

  it('show events by when they were last seen', () => {
    const event = {
      involvedObject: { kind: 'Pod', name: 'web' },
      lastTimestamp: '2026-01-01T00:59:30Z',
      firstTimestamp: '2026-01-01T00:50:00Z',
      count: 3,
    } as WireEvent
    expect(row(Event, event)).toMatchObject({ 'Last Seen': '30s', Count: 3, 'First Seen': '10m', Object: 'pod/web' })
  })

  it('refuse what cannot work', () => {
    const template = (labels: Record<string, string>, spec: object = {}) => ({
      metadata: { labels },
      spec: { containers: [{ name: 'a', image: 'b' }], ...spec },
    })
    const deployment = (spec: object) =>
      ({ spec: { selector: { matchLabels: { a: 'b' } }, template: template({ a: 'b' }), ...spec } }) as WireDeployment
    expect(problems(Deployment, deployment({}))).toEqual([])
    expect(problems(Deployment, deployment({ template: template({ a: 'c' }) }))).toEqual([
      'spec.template.metadata.labels: Invalid value: {"a":"c"}: `selector` does not match template `labels`',
    ])
    expect(problems(Deployment, deployment({ template: template({ a: 'b' }, { restartPolicy: 'Never' }) }))).toEqual([
      'spec.template.spec.restartPolicy: Unsupported value: "Never": supported values: "Always"',
    ])
    expect(
      problems(Deployment, deployment({ strategy: { rollingUpdate: { maxSurge: 0, maxUnavailable: '0%' } } })),
    ).toEqual(['spec.strategy.rollingUpdate.maxUnavailable: Invalid value: "0%": may not be 0 when `maxSurge` is 0'])
    expect(problems(Deployment, deployment({ replicas: -1 }))).toEqual([
      'spec.replicas: Invalid value: -1: must be greater than or equal to 0',
    ])
    expect(problems(Service, { spec: { ports: [{ port: 80, nodePort: 30000 }] } })).toEqual([
      "spec.ports[0].nodePort: Forbidden: may not be used when `type` is 'ClusterIP'",
    ])
    expect(problems(Service, { spec: { ports: [{ port: 80 }, { port: 81 }] } })).toEqual([
      'spec.ports[0].name: Required value',
      'spec.ports[1].name: Required value',
    ])
    expect(problems(Service, { spec: {} })).toEqual(['spec.ports: Required value'])
    expect(problems(Secret, { type: 'kubernetes.io/tls', data: {} })).toEqual([
      'data[tls.crt]: Required value',
      'data[tls.key]: Required value',
    ])
  })

  it.each([ConfigMap, Secret])('refuse empty keys: $kind', (kind) => {
    expect(problems(kind, { data: { '': 'dmFsdWU=' } })).toEqual([
      `data[]: Invalid value: "": a valid config key must consist of alphanumeric characters, '-', '_' or '.' (e.g. 'key.name',  or 'KEY_NAME',  or 'key-name', regex used for validation is '[-._a-zA-Z0-9]+')`,
    ])
  })

  it.each([ConfigMap, Secret])('keep what is immutable: $kind', (kind) => {
    const errors = kind.strategy.validateUpdate?.({ data: { a: 'c' } }, { immutable: true, data: { a: 'b' } }) ?? []
    expect(errors.map(({ field, message }) => `${field}: ${message}`)).toEqual([
      'immutable: Forbidden: field is immutable when `immutable` is set',
      'data: Forbidden: field is immutable when `immutable` is set',
    ])
  })

  it('show bindings as kubectl does', () => {
    const subjects = [
      { kind: 'User', name: 'otter' },
      { kind: 'Group', name: 'class-a' },
      { kind: 'Group', name: 'class-b' },
      { kind: 'ServiceAccount', name: 'robot', namespace: 'shop' },
    ]
    const binding = { metadata: { name: 'b' }, roleRef: { kind: 'ClusterRole', name: 'view' }, subjects }
    expect(row(RoleBinding, binding)).toMatchObject({
      Role: 'ClusterRole/view',
      Users: 'otter',
      Groups: 'class-a, class-b',
      ServiceAccounts: 'shop/robot',
    })
    const made = { metadata: { name: 'r', creationTimestamp: '2026-01-01T00:00:00Z' } }
    expect(row(Role, made)).toEqual({ Name: 'r', 'Created At': '2026-01-01T00:00:00Z' })
  })

  it('know which group a subject is of', () => {
    const group = 'rbac.authorization.k8s.io'
    const subjects = [
      { kind: 'User', name: 'a' },
      { kind: 'Group', name: 'b' },
      { kind: 'ServiceAccount', name: 'c' },
    ]
    expect(defaulted(RoleBinding, { roleRef: { kind: 'Role', name: 'r' }, subjects })).toEqual({
      roleRef: { kind: 'Role', name: 'r', apiGroup: group },
      subjects: [
        { kind: 'User', name: 'a', apiGroup: group },
        { kind: 'Group', name: 'b', apiGroup: group },
        subjects[2],
      ],
    })
  })

  it.each([
    [
      Role,
      { rules: [{}] },
      [
        'rules[0].verbs: Required value: verbs must contain at least one value',
        'rules[0].apiGroups: Required value: resource rules must supply at least one api group',
        'rules[0].resources: Required value: resource rules must supply at least one resource',
      ],
    ],
    [
      Role,
      { rules: [{ verbs: ['get'], nonResourceURLs: ['/a'] }] },
      ['rules[0].nonResourceURLs: Invalid value: ["/a"]: namespaced rules cannot apply to non-resource URLs'],
    ],
    [
      ClusterRole,
      { rules: [{ verbs: ['get'], nonResourceURLs: ['/a'], resources: ['pods'] }] },
      [
        'rules[0].nonResourceURLs: Invalid value: ["/a"]: rules cannot apply to both regular resources and non-resource URLs',
      ],
    ],
    [
      ClusterRole,
      { aggregationRule: {} },
      [
        'aggregationRule.clusterRoleSelectors: Required value: at least one clusterRoleSelector required if aggregationRule is non-nil',
      ],
    ],
    [
      ClusterRole,
      { aggregationRule: { clusterRoleSelectors: [{ matchLabels: { a: 'b c' } }] } },
      [
        expect.stringContaining('clusterRoleSelectors[0].matchLabels: Invalid value: "b c": a valid label must be'),
        'aggregationRule.clusterRoleSelectors[0]: Invalid value: null: invalid label selector.',
      ],
    ],
    [
      RoleBinding,
      { roleRef: { kind: 'Pod', name: '' }, subjects: [{ kind: 'Robot', name: 'x' }] },
      [
        'roleRef.kind: Unsupported value: "Pod": supported values: "Role", "ClusterRole"',
        'roleRef.name: Required value',
        'subjects[0].kind: Unsupported value: "Robot": supported values: "ServiceAccount", "User", "Group"',
      ],
    ],
    [
      ClusterRoleBinding,
      { roleRef: { kind: 'Role', name: 'r' }, subjects: [{ kind: 'ServiceAccount', name: 'A B', apiGroup: 'x' }] },
      [
        'roleRef.kind: Unsupported value: "Role": supported values: "ClusterRole"',
        expect.stringContaining('subjects[0].name: Invalid value: "A B": a lowercase RFC 1123 subdomain'),
        'subjects[0].apiGroup: Unsupported value: "x": supported values: ""',
        'subjects[0].namespace: Required value',
      ],
    ],
    [
      ClusterRoleBinding,
      { roleRef: { kind: 'ClusterRole', name: 'a/b' }, subjects: [{ kind: 'User', name: '', apiGroup: 'x' }] },
      [
        'roleRef.name: Invalid value: "a/b": may not contain \'/\'',
        'subjects[0].name: Required value',
        'subjects[0].apiGroup: Unsupported value: "x": supported values: "rbac.authorization.k8s.io"',
      ],
    ],
  ] as [AnyKind, object, string[]][])('refuse a $kind that cannot work: %j', (kind, object, expected) => {
    expect(problems(kind, object)).toEqual(expected)
  })

  it('are told once each', () => {
    const paths = builtInKinds.map(({ group, version, plural }) => `${group}/${version}/${plural}`)
    expect(new Set(paths).size).toBe(paths.length)
    const short = builtInKinds.flatMap(({ shortNames }) => shortNames)
    expect(new Set(short).size).toBe(short.length)
  })
})

// Rows of upstream's own tables of validity (v1.36.2, pkg/apis/*/validation/validation_test.go) in which we once said
// something else.

import { expect, it } from 'vitest'
import type { AnyKind } from './define-kind.ts'
import {
  Deployment,
  Endpoints,
  Ingress,
  Job,
  Node,
  PersistentVolume,
  PersistentVolumeClaim,
  Pod,
  RoleBinding,
  Service,
  StatefulSet,
} from './index.ts'
import { container, pod, says, web } from './pod-template/testing/refused-pods.ts'
import { defaulted, problems, statusProblems, updateProblems } from './testing/kind-facts.ts'

const SECCOMP = 'seccomp.security.alpha.kubernetes.io'
const annotated = (annotations: object, spec: object) => {
  const made = pod(spec)
  return { ...made, metadata: { ...made.metadata, annotations } }
}
const confined = (seccompProfile: object) => ({ containers: [{ ...web, securityContext: { seccompProfile } }] })
const volume = (spec: object) => ({
  spec: { accessModes: ['ReadWriteOnce'], capacity: { storage: '1Gi' }, hostPath: { path: '/a' }, ...spec },
})
const claim = (spec: object) => ({
  spec: { accessModes: ['ReadWriteOnce'], resources: { requests: { storage: '1Gi' } }, ...spec },
})
const source = (name: string) => ({ kind: 'PersistentVolumeClaim', name })
const backend = { service: { name: 'a', port: { number: 80 } } }
const ingress = (spec: object) => ({ spec: { defaultBackend: backend, ...spec } })
const anyHost = (path: string) => ({ host: '*.a.b', http: { paths: [{ path, pathType: 'Prefix', backend }] } })
const service = (spec: object) => ({ spec: { ports: [{ port: 80 }], ...spec } })

it.each<[string, AnyKind, object, unknown[]]>([
  ['no containers', Pod, { spec: { hostNetwork: true } }, ['spec.containers: Required value']],
  [
    'a name of a variable',
    Pod,
    container({ env: [{ name: 'a=b' }] }),
    [
      `spec.containers[0].env[0].name: Invalid value: "a=b": a valid environment variable name must consist only of printable ASCII characters other than '='`,
    ],
  ],
  [
    'a name in three parts',
    Pod,
    pod({ readinessGates: [{ conditionType: 'a/b/c' }] }),
    [says('spec.readinessGates[0].conditionType: Invalid value: "a/b/c": a valid label key must consist of')],
  ],
  [
    'no skew',
    Pod,
    pod({ topologySpreadConstraints: [{ topologyKey: 'zone', whenUnsatisfiable: 'DoNotSchedule' }] }),
    ['spec.topologySpreadConstraints[0].maxSkew: Invalid value: 0: must be greater than zero'],
  ],
  [
    'the policy of a closed gate',
    Pod,
    pod({ securityContext: { seLinuxChangePolicy: 'MountOption' } }),
    ['spec.securityContext.seLinuxChangePolicy: Unsupported value: "MountOption": supported values: "Recursive"'],
  ],
  [
    'seccomp by annotation',
    Pod,
    annotated(
      {
        [`${SECCOMP}/pod`]: 'localhost//a/..',
        [`container.${SECCOMP}/web`]: 'none',
        [`container.${SECCOMP}/b`]: 'unconfined',
      },
      {},
    ),
    [
      `metadata.annotations.${SECCOMP}/pod: Invalid value: "/a/..": must be a relative path`,
      `metadata.annotations.${SECCOMP}/pod: Invalid value: "/a/..": must not contain '..'`,
      `metadata.annotations.container.${SECCOMP}/web: Invalid value: "none": must be a valid seccomp profile`,
    ],
  ],
  [
    'seccomp by annotation and by field',
    Pod,
    annotated({ [`container.${SECCOMP}/web`]: 'docker/default' }, confined({ type: 'RuntimeDefault' })),
    [],
  ],
  [
    'seccomp of another type by annotation',
    Pod,
    annotated({ [`container.${SECCOMP}/web`]: 'unconfined' }, confined({ type: 'RuntimeDefault' })),
    [
      'spec.containers[0].securityContext.seccompProfile.type: Forbidden: seccomp type in annotation and field must match',
    ],
  ],
  [
    'another profile of seccomp by annotation',
    Pod,
    annotated({ [`container.${SECCOMP}/web`]: 'localhost/a' }, confined({ type: 'Localhost', localhostProfile: 'b' })),
    [
      'spec.containers[0].securityContext.seccompProfile.localhostProfile: Forbidden: seccomp profile in annotation and field must match',
    ],
  ],
  [
    'rights that exclude each other',
    Pod,
    container({
      securityContext: { privileged: true, allowPrivilegeEscalation: false, seLinuxOptions: { user: 'a' } },
    }),
    [
      'spec.containers[0].securityContext: Invalid value: {"Capabilities":null,"Privileged":true,"SELinuxOptions":{"User":"a","Role":"","Type":"","Level":""},"WindowsOptions":null,"RunAsUser":null,"RunAsGroup":null,"RunAsNonRoot":null,"ReadOnlyRootFilesystem":null,"AllowPrivilegeEscalation":false,"ProcMount":null,"SeccompProfile":null,"AppArmorProfile":null}: cannot set `allowPrivilegeEscalation` to false and `privileged` to true',
    ],
  ],
  [
    'a claim of nothing',
    Pod,
    pod({ resourceClaims: [{ name: 'a' }] }),
    [
      'spec.resourceClaims[0]: Invalid value: {"Name":"a","ResourceClaimName":null,"ResourceClaimTemplateName":null}: must specify one of: `resourceClaimName`, `resourceClaimTemplateName`',
    ],
  ],
  [
    'claims of a static pod',
    Pod,
    annotated(
      { 'kubernetes.io/config.mirror': '' },
      { nodeName: 'a', resourceClaims: [{ name: 'a', resourceClaimName: 'b' }] },
    ),
    [': Forbidden: static pods do not support resource claims'],
  ],
  [
    'what a pod as a whole cannot ask for',
    Pod,
    pod({ resources: { requests: { storage: '1Gi' } } }),
    expect.arrayContaining([
      'spec.resources.requests[storage]: Unsupported value: "storage": supported values: "cpu", "hugepages-", "memory"',
    ]) as unknown as unknown[],
  ],
  [
    'the root, used again',
    PersistentVolume,
    volume({ hostPath: { path: '/a/..' }, persistentVolumeReclaimPolicy: 'Recycle' }),
    expect.arrayContaining([
      "spec.persistentVolumeReclaimPolicy: Forbidden: may not be 'recycle' for a hostPath mount of '/'",
    ]) as unknown as unknown[],
  ],
  [
    'less than nothing',
    PersistentVolume,
    volume({ capacity: { storage: '-1Gi' } }),
    [
      'spec.capacity[storage]: Invalid value: -1073741824: must be a valid resource quantity',
      'spec.capacity[storage]: Invalid value: "-1Gi": must be greater than zero',
    ],
  ],
  [
    'a selector of its own that is not there',
    Job,
    {
      spec: {
        manualSelector: true,
        template: { metadata: { labels: { a: 'b' } }, spec: { containers: [web], restartPolicy: 'Never' } },
      },
    },
    [
      'spec.selector: Required value',
      'spec.template.metadata.labels: Invalid value: {"a":"b"}: `selector` does not match template `labels`',
    ],
  ],
  ['an empty mode', PersistentVolume, volume({ volumeMode: '' }), [says('spec.volumeMode: Unsupported value: ""')]],
  ['an empty mode', PersistentVolumeClaim, claim({ volumeMode: '' }), [says('spec.volumeMode: Unsupported value: ""')]],
  [
    'two sources',
    PersistentVolumeClaim,
    claim({ dataSource: source('a'), dataSourceRef: source('b') }),
    ['spec: Invalid value: {}: must match dataSourceRef'],
  ],
  [
    'a number that no swap has',
    Node,
    { status: { nodeInfo: { swap: { capacity: 0 } } } },
    ['metadata.nodeSwapStatus.capacity: Invalid value: 0: must be greater than zero'],
  ],
  [
    'an address with zeros in front, once',
    Endpoints,
    { subsets: [{ addresses: [{ ip: '010.0.0.1' }] }] },
    ['subsets[0].addresses[0].ip: Invalid value: "010.0.0.1": must not have leading 0s'],
  ],
  [
    'addresses and families that do not agree',
    Service,
    service({ clusterIP: 'fd00::1', clusterIPs: ['fd00::1', 'fd00::2'], ipFamilies: ['IPv4', 'IPv6'] }),
    [
      'spec.clusterIPs: Invalid value: ["fd00::1","fd00::2"]: may specify no more than one IP for each IP family',
      'spec.clusterIPs[0]: Invalid value: "fd00::1": expected an IPv4 value as indicated by `ipFamilies[0]`',
    ],
  ],
  [
    'a port of nodes that nobody opens',
    Service,
    service({ type: 'ExternalName', externalName: 'a.b', ports: [{ port: 80, nodePort: 30_000 }] }),
    [],
  ],
  [
    'addresses without the first',
    Service,
    service({ clusterIPs: ['10.0.0.1'] }),
    ['spec.clusterIPs: Invalid value: ["10.0.0.1"]: must be empty when `clusterIP` is not specified'],
  ],
])('%s: %j', (_what, kind, object, expected) => {
  expect(problems(kind, object)).toEqual(expected)
})

it.each<[string, AnyKind, object, object]>([
  ['an address', Service, service({ clusterIP: '10.0.0.01', clusterIPs: ['10.0.0.01'] }), {}],
  ['an address of elsewhere', Service, service({ externalIPs: ['10.0.0.01'] }), {}],
  ['a name of a secret', Ingress, ingress({ tls: [{ secretName: 'A B' }] }), {}],
  ['a path of a wildcard', Ingress, ingress({ rules: [anyHost('bar')] }), ingress({ rules: [anyHost('baz')] })],
  ['a group', PersistentVolumeClaim, claim({ dataSource: { apiGroup: '^a', kind: 'A', name: 'a' } }), {}],
])('%s that was taken before is let pass', (_what, kind, object, more) => {
  expect(problems(kind, object)).not.toEqual([])
  expect(updateProblems(kind, object, { ...object, ...more })).toEqual([])
})

it("shows what is refused in upstream's own form", () => {
  const of = (name: string) => ({ roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'Role', name } })
  expect(updateProblems(RoleBinding, of('a'), of('b'))).toEqual([
    'roleRef: Invalid value: {"APIGroup":"rbac.authorization.k8s.io","Kind":"Role","Name":"b"}: cannot change roleRef',
  ])
  expect(problems(StatefulSet, { spec: { updateStrategy: { type: 'A' } } })).toContain(
    `spec.updateStrategy: Invalid value: {"Type":"A","RollingUpdate":null}: must be 'RollingUpdate' or 'OnDelete'`,
  )
  expect(
    problems(StatefulSet, { spec: { updateStrategy: { type: 'OnDelete', rollingUpdate: { partition: 1 } } } }),
  ).toContain(
    `spec.updateStrategy.rollingUpdate: Invalid value: {"Partition":1,"MaxUnavailable":null}: only allowed for updateStrategy 'RollingUpdate'`,
  )
})

it('fills in of pods what it leaves to them in templates, and pages and requests of pods as a whole', () => {
  const limited = { ...web, resources: { limits: { cpu: '1' } }, ports: [{ containerPort: 80 }] }
  const spec = { containers: [limited], hostNetwork: true }
  const [filled] = defaulted(Pod, pod(spec)).spec.containers
  expect(filled).toMatchObject({ resources: { requests: { cpu: '1' } }, ports: [{ hostPort: 80 }] })
  const template = defaulted(Deployment, { spec: { template: { spec } } }).spec.template
  expect(JSON.stringify(template)).not.toMatch(/requests|hostPort/)
  const ofPod = (containers: object, resources: object) =>
    (defaulted(Pod, pod({ containers: [{ ...web, resources: containers }], resources })).spec as { resources?: object })
      .resources
  const pages = { 'hugepages-2Mi': '4Mi' }
  expect(ofPod({ limits: pages }, { limits: { cpu: '2' } })).toEqual({
    limits: { cpu: '2', ...pages },
    requests: { cpu: '2', ...pages },
  })
  expect(ofPod({ requests: { memory: '1Gi' } }, { requests: { cpu: '1' } })).toEqual({ requests: { cpu: '1' } })
})

it('fills in what a Service remembers callers for, and what of a node pods may have', () => {
  const clientIP = { timeoutSeconds: 10_800 }
  const told = { sessionAffinity: 'ClientIP', sessionAffinityConfig: { clientIP: {} } }
  expect(defaulted(Service, service(told))).toMatchObject({ spec: { sessionAffinityConfig: { clientIP } } })
  const capacity = { cpu: '1' }
  expect(defaulted(Node, { status: { capacity } })).toMatchObject({ status: { allocatable: capacity } })
})

it('warns of a profile by annotation in a template, where the field does not say the same', () => {
  const key = 'container.apparmor.security.beta.kubernetes.io/web'
  const of = (type: string) => {
    const spec = { containers: [web], securityContext: { appArmorProfile: { type } } }
    const template = { metadata: { annotations: { [key]: 'runtime/default' } }, spec }
    return Deployment.strategy.warnings?.({ metadata: { name: 'a' }, spec: { template } } as never)
  }
  expect(of('RuntimeDefault')).toEqual([])
  expect(of('Unconfined')).toEqual([
    `spec.template.metadata.annotations[${key}]: deprecated since v1.30; use the "appArmorProfile" field instead`,
  ])
})

it('tells what is wrong with what is told of a pod', () => {
  const linux = { uid: -1, gid: 2 ** 31, supplementalGroups: [-2] }
  const status = {
    observedGeneration: -1,
    conditions: [{ type: 'Ready', status: 'True', observedGeneration: -2 }],
    containerStatuses: [{ name: 'web', user: { linux } }],
    podIP: '10.0.0.01',
    podIPs: [{ ip: '10.0.0.01' }],
  }
  const at = 'status.containerStatuses[0].user.linux'
  const why = 'must be between 0 and 2147483647, inclusive'
  const told = [
    'status.conditions[0].observedGeneration: Invalid value: -2: must be a non-negative integer',
    'status.observedGeneration: Invalid value: -1: must be a non-negative integer',
    'status.podIPs[0]: Invalid value: "10.0.0.01": must not have leading 0s',
    `${at}.uid: Invalid value: -1: ${why}`,
    `${at}.gid: Invalid value: 2147483648: ${why}`,
    `${at}.supplementalGroups[0]: Invalid value: -2: ${why}`,
  ]
  const before = pod({})
  expect(statusProblems(Pod, before, { ...before, status })).toEqual(told)
  const { podIP, podIPs } = status
  expect(
    statusProblems(Pod, { ...before, status: { podIP, podIPs } }, { ...before, status: { podIP, podIPs } }),
  ).toEqual([])
  const onWindows = pod({ os: { name: 'windows' } })
  const containerStatuses = [{ name: 'web', user: { linux: {} } }]
  expect(statusProblems(Pod, onWindows, { ...onWindows, status: { containerStatuses } })).toEqual([
    `${at}: Forbidden: cannot be set for a windows pod`,
  ])
})

it('lets nobody look into a static pod, and resizes what runs first', () => {
  const mirror = annotated({ 'kubernetes.io/config.mirror': '' }, { nodeName: 'a' })
  const debugged = { ...mirror, spec: { ...mirror.spec, ephemeralContainers: [{ ...web, name: 'b' }] } }
  const told = Pod.strategy.validateUpdate?.(debugged as never, mirror as never, 'ephemeralcontainers')
  expect(told?.map(({ field, message }) => `${field}: ${message}`)).toEqual([
    ': Forbidden: static pods do not support ephemeral containers',
  ])
  const resized = (cpu: string, more: object = {}) =>
    pod({ initContainers: [{ ...web, name: 'first', resources: { requests: { cpu } }, ...more }] })
  const resize = (more?: object) =>
    Pod.strategy.validateUpdate?.(resized('2', more) as never, resized('1', more) as never, 'resize')
  expect(resize()).toEqual([])
  expect(
    resize({ resizePolicy: [{ resourceName: 'cpu', restartPolicy: 'RestartContainer' }] })?.map(
      ({ message }) => message,
    ),
  ).toEqual(['Forbidden: non-sidecar init containers with a resize policy of RestartContainer cannot be resized'])
})

// What the API server says of objects that it takes as they are; the words are those of Kubernetes v1.36 (pkg/api/*/warnings.go).

import { describe, expect, it } from 'vitest'
import { builtInKinds } from './index.ts'

const warningsOf = (kind: string, object: object, previous?: object) =>
  builtInKinds.find((one) => one.kind === kind)?.strategy.warnings?.(object as never, previous as never) ?? []

const LARGE = { completionMode: 'Indexed', completions: 100_001 }
const TOO_LARGE =
  'In Indexed Jobs with a number of completions higher than 10^5 and a parallelism higher than 10^4, ' +
  'Kubernetes might not be able to track completedIndexes when a big number of indexes fail'
const container = { name: 'c', image: 'x' }
const pod = (spec: object, metadata: object = {}) => ({
  metadata: { name: 'a', ...metadata },
  spec: { containers: [container], ...spec },
})
const template = (spec: object) => ({ spec: { containers: [container], ...spec } })

describe('of a pod', () => {
  it.each<[object, string]>([
    [
      { nodeSelector: { 'beta.kubernetes.io/os': 'linux' } },
      'spec.nodeSelector[beta.kubernetes.io/os]: deprecated since v1.14; use "kubernetes.io/os" instead',
    ],
    [{ imagePullSecrets: [{ name: 'a' }, { name: 'a' }] }, 'spec.imagePullSecrets[1].name: duplicate name "a"'],
    [{ imagePullSecrets: [{}] }, 'spec.imagePullSecrets[0].name: invalid empty name ""'],
    [{ hostAliases: [{ ip: '1.2.3.4' }, { ip: '1.2.3.4' }] }, 'spec.hostAliases[1].ip: duplicate ip "1.2.3.4"'],
    [
      { volumes: [{ name: 'v', gitRepo: { repository: 'x' } }] },
      'spec.volumes[0].gitRepo: deprecated in v1.11, and disabled by default in v1.33+',
    ],
    [
      { volumes: [{ name: 'v', storageos: {} }] },
      'spec.volumes[0].storageOS: deprecated in v1.22, non-functional in v1.25+',
    ],
    [
      {
        volumes: [
          { name: 'v', ephemeral: { volumeClaimTemplate: { spec: { resources: { requests: { storage: '1.5' } } } } } },
        ],
      },
      'spec.volumes[0].ephemeral.volumeClaimTemplate.spec.resources.requests[storage]: fractional byte value "1500m" is invalid, must be an integer',
    ],
    [
      { containers: [{ ...container, resources: { limits: { memory: '100m' } } }] },
      'spec.containers[0].resources.limits[memory]: fractional byte value "100m" is invalid, must be an integer',
    ],
    [
      {
        initContainers: [
          {
            ...container,
            env: [
              { name: 'A', value: '1' },
              { name: 'A', value: '2' },
            ],
          },
        ],
      },
      'spec.initContainers[0].env[1]: hides previous definition of "A", which may be dropped when using apply',
    ],
    [
      { containers: [{ ...container, ports: [{ containerPort: 80 }, { containerPort: 80, protocol: 'TCP' }] }] },
      'spec.containers[0].ports[1]: duplicate port definition with spec.containers[0].ports[0]',
    ],
    [
      {
        containers: [
          { ...container, ports: [{ containerPort: 80 }] },
          { ...container, ports: [{ containerPort: 80, hostPort: 8080 }] },
        ],
      },
      'spec.containers[1].ports[0]: overlapping port definition with spec.containers[0].ports[0]',
    ],
    [
      {
        containers: [
          {
            ...container,
            ports: [
              { containerPort: 80, hostPort: 1 },
              { containerPort: 80, hostPort: 1, hostIP: '1.2.3.4' },
            ],
          },
        ],
      },
      'spec.containers[0].ports[1]: dangerously ambiguous port definition with spec.containers[0].ports[0]',
    ],
    [
      { containers: [{ ...container, ports: [{ containerPort: 80, hostIP: '1.2.3.4' }] }] },
      'spec.containers[0].ports[0]: hostIP set without hostPort: {Name: HostPort:0 ContainerPort:80 Protocol:TCP HostIP:1.2.3.4}',
    ],
    [
      { terminationGracePeriodSeconds: -1 },
      'spec.terminationGracePeriodSeconds: must be >= 0; negative values are invalid and will be treated as 1',
    ],
    [
      {
        affinity: {
          podAntiAffinity: { preferredDuringSchedulingIgnoredDuringExecution: [{ weight: 1, podAffinityTerm: {} }] },
        },
      },
      'spec.affinity.podAntiAffinity.preferredDuringSchedulingIgnoredDuringExecution[0].podAffinityTerm.labelSelector: a null labelSelector results in matching no pod',
    ],
    [
      {
        affinity: {
          nodeAffinity: {
            requiredDuringSchedulingIgnoredDuringExecution: {
              nodeSelectorTerms: [{ matchExpressions: [{ key: 'beta.kubernetes.io/arch' }] }],
            },
          },
        },
      },
      'spec.affinity.nodeAffinity.requiredDuringSchedulingIgnoredDuringExecution.nodeSelectorTerms[0].matchExpressions[0].key: beta.kubernetes.io/arch is deprecated since v1.14; use "kubernetes.io/arch" instead',
    ],
    [
      { topologySpreadConstraints: [{ topologyKey: 'a' }] },
      'spec.topologySpreadConstraints[0].labelSelector: a null labelSelector results in matching no pod',
    ],
  ])('with %j', (spec, warning) => {
    expect(warningsOf('Pod', pod(spec))).toEqual([warning])
  })

  it('that is as it should be there are none', () => {
    const env = [
      { name: 'PATH', value: '/a' },
      { name: 'PATH', value: '$(PATH):/b' },
    ]
    const ports = [{ containerPort: 80 }, { containerPort: 80, protocol: 'UDP' }]
    const containers = [{ ...container, env, ports, resources: { limits: { memory: '1Gi', cpu: '100m' } } }]
    expect(warningsOf('Pod', pod({ containers }))).toEqual([])
  })

  it('by its name and annotations', () => {
    const annotations = {
      'seccomp.security.alpha.kubernetes.io/pod': 'x',
      'scheduler.alpha.kubernetes.io/critical-pod': '',
    }
    expect(warningsOf('Pod', pod({}, { name: 'a.b', annotations }))).toEqual([
      "metadata.name: this is used in the Pod's hostname, which can result in surprising behavior; a DNS label is recommended: [must not contain dots]",
      'metadata.annotations[scheduler.alpha.kubernetes.io/critical-pod]: non-functional in v1.16+; use the "priorityClassName" field instead',
      'metadata.annotations[seccomp.security.alpha.kubernetes.io/pod]: non-functional in v1.27+; use the "seccompProfile" field instead',
    ])
  })

  it('are told to whoever makes it, not to whoever changes it', () => {
    const odd = pod({ imagePullSecrets: [{}] })
    expect(warningsOf('Pod', odd, odd)).toEqual([])
  })
})

describe('of what makes pods', () => {
  const odd = template({ imagePullSecrets: [{}] })
  const warning = 'template.spec.imagePullSecrets[0].name: invalid empty name ""'
  it.each<[string, object, string]>([
    ...['Deployment', 'ReplicaSet', 'ReplicationController', 'Job', 'DaemonSet', 'StatefulSet'].map(
      (kind): [string, object, string] => [kind, { template: odd }, `spec.${warning}`],
    ),
    ['CronJob', { jobTemplate: { spec: { template: odd } } }, `spec.jobTemplate.spec.${warning}`],
  ])('%s: of its template, each time that is changed', (kind, spec, words) => {
    const [before, after] = [1, 2].map((generation) => ({ metadata: { name: 'a', generation }, spec }))
    expect(warningsOf(kind, after!)).toEqual([words])
    expect(warningsOf(kind, after!, before)).toEqual([words])
    expect(warningsOf(kind, after!, after)).toEqual([])
  })

  it('PodTemplate: of what it is', () => {
    const [before, after] = [1, 2].map((generation) => ({ metadata: { name: 'a', generation }, template: odd }))
    expect(warningsOf('PodTemplate', after!, before)).toEqual([warning])
    expect(warningsOf('PodTemplate', after!, after)).toEqual([])
  })

  it('of a name that is no name of a host, once', () => {
    const owner = { metadata: { name: 'v1.1', generation: 2 }, spec: { template: template({}) } }
    expect(warningsOf('Deployment', owner)).toEqual([
      'metadata.name: this is used in Pod names and hostnames, which can result in surprising behavior; a DNS label is recommended: [must not contain dots]',
    ])
    expect(warningsOf('Deployment', owner, { ...owner, metadata: { name: 'v1.1', generation: 1 } })).toEqual([])
  })
})

it.each<[string, object, string[]]>([
  [
    'Service',
    {
      spec: {
        type: 'ClusterIP',
        clusterIP: 'None',
        sessionAffinity: 'ClientIP',
        loadBalancerIP: '1.2.3.4',
        externalIPs: ['1.2.3.4'],
      },
    },
    [
      'spec.loadBalancerIP is ignored for headless services',
      'spec.externalIPs is ignored for headless services',
      'spec.SessionAffinity is ignored for headless services',
    ],
  ],
  [
    'Service',
    { spec: { type: 'ClusterIP', externalName: 'a.b', externalIPs: ['1.2.3.4'], trafficDistribution: 'PreferClose' } },
    [
      'spec.externalIPs is deprecated and may no longer be implemented in some clusters',
      'spec.externalName is ignored when spec.type is not "ExternalName"',
      'spec.trafficDistribution: "PreferClose" is deprecated; use "PreferSameZone"',
    ],
  ],
  [
    'Service',
    {
      metadata: { annotations: { 'service.kubernetes.io/topology-aware-hints': 'auto' } },
      spec: { type: 'ExternalName', externalIPs: ['1.2.3.4'] },
    },
    [
      'annotation service.kubernetes.io/topology-aware-hints is deprecated, please use service.kubernetes.io/topology-mode instead',
      'spec.externalIPs is ignored when spec.type is "ExternalName"',
    ],
  ],
  [
    'Service',
    {
      spec: {
        type: 'LoadBalancer',
        clusterIPs: ['2001:DB8::1'],
        externalIPs: ['2001:DB8::2'],
        loadBalancerIP: '2001:DB8::3',
        loadBalancerSourceRanges: ['10.1.2.3/8'],
      },
    },
    [
      'spec.clusterIPs[0]: IPv6 address "2001:DB8::1" should be in RFC 5952 canonical format ("2001:db8::1")',
      'spec.externalIPs[0]: IPv6 address "2001:DB8::2" should be in RFC 5952 canonical format ("2001:db8::2")',
      'spec.externalIPs is deprecated and may no longer be implemented in some clusters',
      'spec.loadBalancerIP: IPv6 address "2001:DB8::3" should be in RFC 5952 canonical format ("2001:db8::3")',
      'spec.loadBalancerSourceRanges[0]: CIDR value "10.1.2.3/8" is ambiguous in this context (should be "10.0.0.0/8" or "10.1.2.3/32"?)',
    ],
  ],
  [
    'Endpoints',
    { subsets: [{ addresses: [{ ip: '10.0.0.1' }] }, { notReadyAddresses: [{ ip: '::FF' }] }] },
    ['subsets[1].notReadyAddresses[0].ip: IPv6 address "::FF" should be in RFC 5952 canonical format ("::ff")'],
  ],
  [
    'Endpoints',
    {
      metadata: { labels: { 'endpoints.kubernetes.io/managed-by': 'endpoint-controller' } },
      subsets: [{ addresses: [{ ip: '::FF' }] }],
    },
    [],
  ],
  [
    'EndpointSlice',
    { addressType: 'IPv6', endpoints: [{ addresses: ['::FF'] }] },
    ['endpoints[0].addresses[0]: IPv6 address "::FF" should be in RFC 5952 canonical format ("::ff")'],
  ],
  [
    'EndpointSlice',
    { addressType: 'FQDN', endpoints: [{ addresses: ['a.example'] }] },
    ['spec.addressType: FQDN endpoints are deprecated'],
  ],
  [
    'NetworkPolicy',
    {
      spec: {
        ingress: [{ from: [{ ipBlock: { cidr: '10.0.0.1/8', except: ['10.0.0.1/24'] } }] }],
        egress: [{ to: [{}, { ipBlock: { cidr: '::FF/128' } }] }],
      },
    },
    [
      'spec.ingress[0].from[0].ipBlock.cidr: CIDR value "10.0.0.1/8" is ambiguous in this context (should be "10.0.0.0/8" or "10.0.0.1/32"?)',
      'spec.ingress[0].from[0].ipBlock.except[0]: CIDR value "10.0.0.1/24" is ambiguous in this context (should be "10.0.0.0/24" or "10.0.0.1/32"?)',
      'spec.egress[0].to[1].ipBlock.cidr: IPv6 CIDR value "::FF/128" should be in RFC 5952 canonical format ("::ff/128")',
    ],
  ],
  ['Job', { metadata: { name: 'a' }, spec: { ...LARGE, parallelism: 10_000 } }, []],
  ['Job', { metadata: { name: 'a' }, spec: { ...LARGE, parallelism: 10_001 } }, [`spec: ${TOO_LARGE}`]],
  [
    'CronJob',
    { metadata: { name: 'a' }, spec: { jobTemplate: { spec: { ...LARGE, parallelism: 10_001 } } } },
    [`spec.jobTemplate.spec: ${TOO_LARGE}`],
  ],
  [
    'PersistentVolume',
    {
      metadata: { annotations: { 'volume.beta.kubernetes.io/storage-class': 'x' } },
      spec: { capacity: { storage: '500m' }, persistentVolumeReclaimPolicy: 'Recycle' },
    },
    [
      'metadata.annotations[volume.beta.kubernetes.io/storage-class]: deprecated since v1.8; use "storageClassName" attribute instead',
      'spec.persistentVolumeReclaimPolicy: The Recycle reclaim policy is deprecated. Instead, the recommended approach is to use dynamic provisioning.',
      'spec.capacity[storage]: fractional byte value "500m" is invalid, must be an integer',
    ],
  ],
  [
    'PersistentVolumeClaim',
    { spec: { resources: { requests: { storage: '1.5' } } } },
    ['spec.resources.requests[storage]: fractional byte value "1500m" is invalid, must be an integer'],
  ],
  [
    'PersistentVolume',
    { spec: { storageos: {}, cephfs: { monitors: [] } } },
    [
      'spec.storageOS: deprecated in v1.22, non-functional in v1.25+',
      'spec.cephfs: deprecated in v1.28, non-functional in v1.31+',
    ],
  ],
  [
    'CSIStorageCapacity',
    {
      nodeTopology: {
        matchExpressions: [{ key: 'beta.kubernetes.io/os', operator: 'Exists' }],
        matchLabels: { 'beta.kubernetes.io/arch': 'x' },
      },
    },
    [
      'nodeTopology.matchExpressions[0].key: beta.kubernetes.io/os is deprecated since v1.14; use "kubernetes.io/os" instead',
      'nodeTopology.matchLabels.beta.kubernetes.io/arch: deprecated since v1.14; use "kubernetes.io/arch" instead',
    ],
  ],
  [
    'StatefulSet',
    { metadata: { name: 'a' }, spec: { revisionHistoryLimit: -2 } },
    ['spec.revisionHistoryLimit: a negative value retains all historical revisions; a value >= 0 is recommended'],
  ],
  [
    'StorageClass',
    { allowedTopologies: [{ matchLabelExpressions: [{ key: 'failure-domain.beta.kubernetes.io/zone' }] }] },
    [
      'allowedTopologies[0].matchLabelExpressions[0].key: failure-domain.beta.kubernetes.io/zone is deprecated since v1.17; use "topology.kubernetes.io/zone" instead',
    ],
  ],
])('of a %s like %j', (kind, object, warnings) => {
  expect(warningsOf(kind, object)).toEqual(warnings)
})

describe('that are not told again', () => {
  const annotated = (key: string) => ({ metadata: { name: 'a', annotations: { [key]: 'x' } } })
  const [account, ingress] = ['kubernetes.io/enforce-mountable-secrets', 'kubernetes.io/ingress.class'].map(annotated)

  it.each<[string, object]>([
    ['ServiceAccount', account!],
    ['Ingress', ingress!],
  ])('of a %s', (kind, object) => {
    expect(warningsOf(kind, object)).toHaveLength(1)
    expect(warningsOf(kind, object, object)).toEqual([])
  })

  it('but of a ServiceAccount that has now what it had not', () => {
    expect(warningsOf('ServiceAccount', account!, { metadata: { name: 'a' } })).toHaveLength(1)
  })

  it('and of an Ingress only if it names no class', () => {
    expect(warningsOf('Ingress', { ...ingress, spec: { ingressClassName: 'x' } })).toEqual([])
  })

  it('or only to whoever changes it: a zone in a schedule, which a new one may not have', () => {
    const job = { metadata: { name: 'a', generation: 1 }, spec: { schedule: 'TZ=UTC 0 * * * *' } }
    expect(warningsOf('CronJob', job)).toEqual([])
    expect(warningsOf('CronJob', job, job)).toEqual([
      'cannot use TZ or CRON_TZ in spec.spec.schedule, use timeZone instead, see https://kubernetes.io/docs/concepts/workloads/controllers/cron-jobs/ for more details',
    ])
  })
})

it.each<[string, object, string[]]>([
  [
    'Pod',
    { status: { podIPs: [{ ip: '10.0.0.1' }, { ip: '::FF' }], hostIPs: [{ ip: '::FE' }] } },
    [
      'status.podIPs[1].ip: IPv6 address "::FF" should be in RFC 5952 canonical format ("::ff")',
      'status.hostIPs[0].ip: IPv6 address "::FE" should be in RFC 5952 canonical format ("::fe")',
    ],
  ],
  [
    'Service',
    { status: { loadBalancer: { ingress: [{ hostname: 'a.example' }, { ip: '::FF' }] } } },
    ['status.loadBalancer.ingress[1]: IPv6 address "::FF" should be in RFC 5952 canonical format ("::ff")'],
  ],
])('of the status of a %s like %j', (kind, object, warnings) => {
  const { strategy } = builtInKinds.find((one) => one.kind === kind)!
  expect(strategy.statusWarnings?.(object as never)).toEqual(warnings)
})

describe('of v1.35 and v1.36', () => {
  const TOKENS =
    'spec.serviceAccountTokenInSecrets is unset; if supported by this CSI driver, set to true to prevent possible logging of tokens in volume attributes'
  const driver = { spec: { tokenRequests: [{ audience: 'a' }] } }
  const quota = (hard: object) => ({ spec: { hard } })

  it.each<[string, object, object | undefined, string[]]>([
    ['CSIDriver', driver, undefined, [TOKENS]],
    ['CSIDriver', driver, { spec: {} }, [TOKENS]],
    ['CSIDriver', driver, driver, []],
    ['CSIDriver', { spec: { ...driver.spec, serviceAccountTokenInSecrets: false } }, undefined, []],
    [
      'Node',
      { spec: { podCIDRs: ['10.0.0.0/24', 'FD00::/64'] } },
      undefined,
      ['spec.podCIDRs[1]: IPv6 CIDR value "FD00::/64" should be in RFC 5952 canonical format ("fd00::/64")'],
    ],
    [
      'ResourceQuota',
      quota({ cpu: '2000m', 'limits.cpu': '1', 'requests.memory': '1Gi', 'limits.memory': '1Gi' }),
      undefined,
      ['ResourceQuota cpu (2) should be less than limits.cpu (1)'],
    ],
    [
      'ResourceQuota',
      quota({ cpu: '2', 'requests.cpu': '1', 'limits.cpu': '1', 'requests.storage': '2', 'limits.storage': '1' }),
      undefined,
      ['ResourceQuota requests.storage (2) should be less than limits.storage (1)'],
    ],
    ['ResourceQuota', quota({ cpu: '2', 'limits.cpu': '1' }), quota({}), []],
    [
      'ResourceSlice',
      { spec: { driver: 'A.example' } },
      undefined,
      ['spec.driver: driver names should be lowercase; "A.example" contains uppercase characters'],
    ],
    ...[
      'MutatingAdmissionPolicy',
      'MutatingAdmissionPolicyBinding',
      'MutatingWebhookConfiguration',
      'ValidatingAdmissionPolicy',
      'ValidatingAdmissionPolicyBinding',
      'ValidatingWebhookConfiguration',
    ].map((kind): [string, object, undefined, string[]] => [
      kind,
      { metadata: { name: 'a.static.k8s.io' } },
      undefined,
      [
        'metadata.name: names ending with ".static.k8s.io" are reserved for static manifest-based configurations and cannot be managed via the API',
      ],
    ]),
  ])('of a %s like %j that was %j', (kind, object, previous, warnings) => {
    expect(warningsOf(kind, object, previous)).toEqual(warnings)
  })
})

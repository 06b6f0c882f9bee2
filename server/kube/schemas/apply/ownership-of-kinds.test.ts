// Where one owner ends and the next begins, kind by kind: what of a list or map is owned piece by piece, and by which
// keys, and what is owned whole. The expectations are Kubernetes' API reference (listType, listMapKey, mapType).

import { describe, expect, it } from 'vitest'
import { isJsonObject, type JsonObject } from '../../apimachinery/json.ts'
import { loadSchemas } from '../load-schemas.ts'
import { FieldSet, pathText } from './field-set.ts'
import { fieldManagerOf } from './server-side-apply.ts'

const schemas = loadSchemas()
const now = '2026-01-01T00:00:00Z'

interface Case {
  of: string
  apiVersion: string
  kind: string
  /** Below the object, or below its pod's spec. */
  applied: JsonObject
  owned: string[]
}

const podSpec = (spec: JsonObject) => ({ spec: { containers: [], ...spec } })
const inContainer = (container: JsonObject) => ({ spec: { containers: [{ name: 'a', ...container }] } })
const A = '.spec.containers[name="a"]'

const CASES: Case[] = [
  {
    of: 'one port number for TCP and UDP',
    apiVersion: 'v1',
    kind: 'Pod',
    applied: inContainer({ ports: [{ containerPort: 53 }, { containerPort: 53, protocol: 'UDP' }] }),
    owned: [
      A,
      `${A}.name`,
      `${A}.ports[containerPort=53,protocol="TCP"]`,
      `${A}.ports[containerPort=53,protocol="TCP"].containerPort`,
      `${A}.ports[containerPort=53,protocol="UDP"]`,
      `${A}.ports[containerPort=53,protocol="UDP"].containerPort`,
      `${A}.ports[containerPort=53,protocol="UDP"].protocol`,
    ],
  },
  {
    of: 'the ports of a Service',
    apiVersion: 'v1',
    kind: 'Service',
    applied: { spec: { ports: [{ port: 53, protocol: 'UDP' }, { port: 53 }], selector: { app: 'dns' } } },
    owned: [
      '.spec.ports[port=53,protocol="TCP"]',
      '.spec.ports[port=53,protocol="TCP"].port',
      '.spec.ports[port=53,protocol="UDP"]',
      '.spec.ports[port=53,protocol="UDP"].port',
      '.spec.ports[port=53,protocol="UDP"].protocol',
      '.spec.selector',
    ],
  },
  {
    of: 'a container’s lists',
    apiVersion: 'v1',
    kind: 'Pod',
    applied: inContainer({
      args: ['x'],
      env: [{ name: 'E', value: '1' }],
      envFrom: [{ prefix: 'P' }],
      volumeMounts: [{ mountPath: '/v', name: 'v' }],
      resources: { limits: { cpu: '1' } },
      securityContext: { capabilities: { add: ['NET_ADMIN'] } },
    }),
    owned: [
      A,
      `${A}.args`,
      `${A}.env[name="E"]`,
      `${A}.env[name="E"].name`,
      `${A}.env[name="E"].value`,
      `${A}.envFrom`,
      `${A}.name`,
      `${A}.resources.limits.cpu`,
      `${A}.securityContext.capabilities.add`,
      `${A}.volumeMounts[mountPath="/v"]`,
      `${A}.volumeMounts[mountPath="/v"].mountPath`,
      `${A}.volumeMounts[mountPath="/v"].name`,
    ],
  },
  {
    of: 'a pod’s lists',
    apiVersion: 'v1',
    kind: 'Pod',
    applied: podSpec({
      hostAliases: [{ ip: '10.0.0.1', hostnames: ['a'] }],
      imagePullSecrets: [{ name: 'key' }],
      nodeSelector: { disk: 'ssd' },
      tolerations: [{ key: 'a' }],
      topologySpreadConstraints: [{ maxSkew: 1, topologyKey: 'zone', whenUnsatisfiable: 'DoNotSchedule' }],
      volumes: [{ name: 'v', emptyDir: {} }],
    }),
    owned: [
      '.spec.hostAliases[ip="10.0.0.1"]',
      '.spec.hostAliases[ip="10.0.0.1"].hostnames',
      '.spec.hostAliases[ip="10.0.0.1"].ip',
      '.spec.imagePullSecrets[name="key"]',
      '.spec.nodeSelector',
      '.spec.tolerations',
      '.spec.topologySpreadConstraints[topologyKey="zone",whenUnsatisfiable="DoNotSchedule"]',
      '.spec.topologySpreadConstraints[topologyKey="zone",whenUnsatisfiable="DoNotSchedule"].maxSkew',
      '.spec.topologySpreadConstraints[topologyKey="zone",whenUnsatisfiable="DoNotSchedule"].topologyKey',
      '.spec.topologySpreadConstraints[topologyKey="zone",whenUnsatisfiable="DoNotSchedule"].whenUnsatisfiable',
      '.spec.volumes[name="v"]',
      '.spec.volumes[name="v"].emptyDir',
      '.spec.volumes[name="v"].name',
    ],
  },
  {
    of: 'metadata: a set of finalizers, owners by their uid',
    apiVersion: 'v1',
    kind: 'ConfigMap',
    applied: {
      metadata: {
        annotations: { note: 'x' },
        finalizers: ['example.com/a', 'example.com/b'],
        ownerReferences: [{ apiVersion: 'v1', kind: 'Pod', name: 'p', uid: 'u' }],
      },
    },
    owned: [
      '.metadata.annotations.note',
      '.metadata.finalizers[="example.com/a"]',
      '.metadata.finalizers[="example.com/b"]',
      '.metadata.ownerReferences[uid="u"]',
    ],
  },
  {
    of: 'data, key by key',
    apiVersion: 'v1',
    kind: 'Secret',
    applied: { data: { a: 'YQ==' }, stringData: { b: 'b' }, type: 'Opaque' },
    owned: ['.data.a', '.stringData.b', '.type'],
  },
  {
    of: 'a selector, whole',
    apiVersion: 'apps/v1',
    kind: 'ReplicaSet',
    applied: { spec: { selector: { matchLabels: { app: 'web' }, matchExpressions: [] } } },
    owned: ['.spec.selector'],
  },
  {
    of: 'conditions, by type',
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    applied: { status: { conditions: [{ type: 'Available', status: 'True' }] } },
    owned: [
      '.status.conditions[type="Available"]',
      '.status.conditions[type="Available"].status',
      '.status.conditions[type="Available"].type',
    ],
  },
  {
    of: 'a node’s taints, whole, and its addresses by type',
    apiVersion: 'v1',
    kind: 'Node',
    applied: {
      spec: { taints: [{ key: 'a', effect: 'NoSchedule' }], podCIDRs: ['10.0.0.0/24'] },
      status: { addresses: [{ type: 'InternalIP', address: '10.0.0.1' }], capacity: { cpu: '1' } },
    },
    owned: [
      '.spec.podCIDRs[="10.0.0.0/24"]',
      '.spec.taints',
      '.status.addresses[type="InternalIP"]',
      '.status.addresses[type="InternalIP"].address',
      '.status.addresses[type="InternalIP"].type',
      '.status.capacity.cpu',
    ],
  },
  {
    of: 'endpoints, whole',
    apiVersion: 'discovery.k8s.io/v1',
    kind: 'EndpointSlice',
    applied: { addressType: 'IPv4', endpoints: [{ addresses: ['10.0.0.1'] }], ports: [{ port: 80 }] },
    owned: ['.addressType', '.endpoints', '.ports'],
  },
  {
    of: 'rules of a role, whole',
    apiVersion: 'rbac.authorization.k8s.io/v1',
    kind: 'Role',
    applied: { rules: [{ apiGroups: [''], resources: ['pods'], verbs: ['get'] }] },
    owned: ['.rules'],
  },
  {
    of: 'rules of an Ingress, whole',
    apiVersion: 'networking.k8s.io/v1',
    kind: 'Ingress',
    applied: { spec: { rules: [{ host: 'a.example' }], tls: [{ hosts: ['a.example'] }] } },
    owned: ['.spec.rules', '.spec.tls'],
  },
  {
    of: 'what a StatefulSet makes claims of, whole',
    apiVersion: 'apps/v1',
    kind: 'StatefulSet',
    applied: { spec: { volumeClaimTemplates: [{ metadata: { name: 'data' } }] } },
    owned: ['.spec.volumeClaimTemplates'],
  },
  {
    of: 'a CronJob’s containers, three templates down',
    apiVersion: 'batch/v1',
    kind: 'CronJob',
    applied: { spec: { jobTemplate: { spec: { template: { spec: { containers: [{ name: 'a', image: 'x' }] } } } } } },
    owned: [
      '.spec.jobTemplate.spec.template.spec.containers[name="a"]',
      '.spec.jobTemplate.spec.template.spec.containers[name="a"].image',
      '.spec.jobTemplate.spec.template.spec.containers[name="a"].name',
    ],
  },
  {
    of: 'the metrics of an autoscaler, whole',
    apiVersion: 'autoscaling/v2',
    kind: 'HorizontalPodAutoscaler',
    applied: { spec: { metrics: [{ type: 'Resource' }], scaleTargetRef: { kind: 'Deployment', name: 'web' } } },
    owned: ['.spec.metrics', '.spec.scaleTargetRef.kind', '.spec.scaleTargetRef.name'],
  },
  {
    of: 'a ServiceAccount’s secrets, by name',
    apiVersion: 'v1',
    kind: 'ServiceAccount',
    applied: { secrets: [{ name: 's' }], imagePullSecrets: [{ name: 'p' }] },
    owned: ['.imagePullSecrets', '.secrets[name="s"]'],
  },
]

const managerOf = (apiVersion: string, kind: string) => {
  const [group = '', version = ''] = apiVersion.includes('/') ? apiVersion.split('/') : ['', apiVersion]
  return fieldManagerOf(schemas, { group, version, kind })
}

function ownedBy(object: JsonObject, manager: string): string[] {
  const { managedFields } = object.metadata as { managedFields?: JsonObject[] }
  const entry = managedFields?.find((candidate) => candidate.manager === manager)
  return [...FieldSet.fromFieldsV1(entry?.fieldsV1).paths()].map(pathText).sort()
}

describe('whoever applies', () => {
  it.each(CASES)('$kind owns $of', ({ apiVersion, kind, applied, owned }) => {
    const metadata = { name: 'x', ...(isJsonObject(applied.metadata) ? applied.metadata : {}) }
    const object = managerOf(apiVersion, kind).apply({
      live: undefined,
      applied: { apiVersion, kind, ...applied, metadata },
      manager: 'alice',
      force: false,
      now,
    })
    expect(ownedBy(object, 'alice')).toEqual([...owned].sort())
  })
})

describe('two who apply to one object', () => {
  const deployments = managerOf('apps/v1', 'Deployment')
  const services = managerOf('v1', 'Service')
  const stored = (object: JsonObject): JsonObject => ({
    ...object,
    metadata: { ...(object.metadata as JsonObject), uid: 'u', resourceVersion: '1' },
  })
  const web = (container: JsonObject): JsonObject => ({
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: { name: 'web' },
    spec: { template: { spec: { containers: [{ name: 'web', ...container }] } } },
  })
  const service = (spec: JsonObject): JsonObject => ({
    apiVersion: 'v1',
    kind: 'Service',
    metadata: { name: 's' },
    spec,
  })
  const applying =
    (to: ReturnType<typeof managerOf>) =>
    (live: JsonObject | undefined, applied: JsonObject, manager: string, force = false) =>
      stored(to.apply({ live, applied, manager, force, now }))
  const toDeployment = applying(deployments)
  const toService = applying(services)
  const containerOf = (object: JsonObject) =>
    (object.spec as { template: { spec: { containers: JsonObject[] } } }).template.spec.containers[0]

  it('add variables to one container, and take away their own only', () => {
    const one = toDeployment(undefined, web({ image: 'x', env: [{ name: 'A', value: '1' }] }), 'alice')
    const two = toDeployment(one, web({ env: [{ name: 'B', value: '2' }] }), 'bob')
    expect(containerOf(two)?.env).toEqual([
      { name: 'A', value: '1' },
      { name: 'B', value: '2' },
    ])
    const three = toDeployment(two, web({ image: 'x' }), 'alice')
    expect(containerOf(three)).toEqual({ name: 'web', image: 'x', env: [{ name: 'B', value: '2' }] })
  })

  it('open TCP and UDP of one number apart', () => {
    const one = toService(undefined, service({ ports: [{ port: 53, protocol: 'TCP', name: 'tcp' }] }), 'alice')
    const two = toService(one, service({ ports: [{ port: 53, protocol: 'UDP', name: 'udp' }] }), 'bob')
    expect((two.spec as JsonObject).ports).toHaveLength(2)
    expect((toService(two, service({}), 'alice').spec as JsonObject).ports).toEqual([
      { port: 53, protocol: 'UDP', name: 'udp' },
    ])
  })

  it('cannot share a selector: it is one thing', () => {
    const one = toService(undefined, service({ selector: { app: 'web' } }), 'alice')
    expect(() => toService(one, service({ selector: { tier: 'front' } }), 'bob')).toThrow(
      'Apply failed with 1 conflict: conflict with "alice": .spec.selector',
    )
    const forced = toService(one, service({ selector: { tier: 'front' } }), 'bob', true)
    expect((forced.spec as JsonObject).selector).toEqual({ tier: 'front' })
    expect(ownedBy(forced, 'alice')).toEqual([])
  })

  it('hold one finalizer together until both let go', () => {
    const held = (finalizers: string[]): JsonObject => ({
      apiVersion: 'v1',
      kind: 'Service',
      metadata: { name: 's', ...(finalizers.length > 0 ? { finalizers } : {}) },
    })
    const both = toService(toService(undefined, held(['x/y']), 'alice'), held(['x/y']), 'bob')
    const one = toService(both, held([]), 'alice')
    expect((one.metadata as JsonObject).finalizers).toEqual(['x/y'])
    expect((toService(one, held([]), 'bob').metadata as JsonObject).finalizers ?? null).toBeNull()
  })

  it('and a controller that updates: the number stays whose it was last', () => {
    const applied = (replicas: number): JsonObject => ({ ...web({}), spec: { replicas } })
    const live = toDeployment(undefined, applied(2), 'alice')
    const next: JsonObject = { ...live, spec: { ...(live.spec as JsonObject), replicas: 5 } }
    const scaled = stored(deployments.update({ live, next, manager: 'autoscaler', now }))
    expect(ownedBy(scaled, 'alice')).toEqual([])
    expect(() => toDeployment(scaled, applied(2), 'alice')).toThrow(
      'conflict with "autoscaler" using apps/v1: .spec.replicas',
    )
    const agreed = toDeployment(scaled, applied(5), 'alice')
    expect(ownedBy(agreed, 'alice')).toEqual(ownedBy(agreed, 'autoscaler'))
    const given = toDeployment(agreed, { ...web({}), spec: {} }, 'alice')
    expect((given.spec as JsonObject).replicas, 'the autoscaler still has it').toBe(5)
  })
})

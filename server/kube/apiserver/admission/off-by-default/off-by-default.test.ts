import { describe, expect, it } from 'vitest'
import { FakeClock } from '../../../../base/clock.ts'
import type { KubeObject } from '../../../apimachinery/object-meta.ts'
import type { AnyKind } from '../../../kinds/define-kind.ts'
import { ConfigMap, Deployment, Event, Namespace, Node, Pod, Service } from '../../../kinds/index.ts'
import type { Authorizer } from '../../authorization/authorizer.ts'
import { askPlugin, type There } from '../../testing/ask-plugin.ts'
import type { AdmissionPlugin } from '../admission.ts'
import { podTopologyLabels } from '../pod-topology-labels.ts'
import { eventRateLimit } from './event-rate-limit.ts'
import { namespaceExists } from './namespaces.ts'
import { ownerReferences } from './owner-references.ts'
import { podNodeSelector } from './pod-node-selector.ts'
import { podTolerationRestriction } from './pod-toleration-restriction.ts'
import {
  alwaysDeny,
  alwaysPullImages,
  denyServiceExternalIPs,
  extendedResourceToleration,
  limitPodHardAntiAffinityTopology,
} from './small.ts'

const pod = (spec: object = {}) =>
  ({ metadata: { name: 'web' }, spec: { containers: [{ name: 'a', image: 'a' }], ...spec } }) as KubeObject
const room = (annotations: Record<string, string> = {}): There => [
  [Namespace, { metadata: { name: 'default', annotations } }],
]
const service = (...externalIPs: string[]) => ({ metadata: { name: 'web' }, spec: { externalIPs } }) as KubeObject
const owner = (uid: string, more: object = {}) => ({
  apiVersion: 'apps/v1',
  kind: 'Deployment',
  name: 'd',
  uid,
  ...more,
})
const owned = (...ownerReferences: object[]) => ({ metadata: { name: 'a', ownerReferences } }) as KubeObject
/** May delete what is called `a`, and no more. */
const authorizer: Authorizer = {
  name: 'test',
  authorize: (_user, { verb, name }) => ({
    decision: verb === 'delete' && name === 'a' ? 'allow' : 'no opinion',
    reason: '',
  }),
}
const zone = { 'topology.kubernetes.io/zone': 'z1', 'kubernetes.io/arch': 'amd64' }
const away = (topologyKey: string) => ({
  affinity: { podAntiAffinity: { requiredDuringSchedulingIgnoredDuringExecution: [{ topologyKey }] } },
})
const small = podTolerationRestriction({ default: [], whitelist: [] })
const only = { key: 'a', operator: 'Exists' }

describe('plug-ins that are off by default', () => {
  it.each<[string, AdmissionPlugin, AnyKind, KubeObject, There, string | object]>([
    ['AlwaysPullImages', alwaysPullImages, Pod, pod(), [], { spec: { containers: [{ imagePullPolicy: 'Always' }] } }],
    [
      'AlwaysDeny',
      alwaysDeny,
      ConfigMap,
      owned(),
      [],
      'configmaps "a" is forbidden: Admission control is denying all modifications',
    ],
    [
      'ExtendedResourceToleration',
      extendedResourceToleration,
      Pod,
      pod({ containers: [{ name: 'a', resources: { requests: { cpu: '1', 'gpu.io/a': '1' } } }] }),
      [],
      { spec: { tolerations: [{ key: 'gpu.io/a', operator: 'Exists', effect: 'NoSchedule' }] } },
    ],
    [
      'DenyServiceExternalIPs',
      denyServiceExternalIPs,
      Service,
      service('1.2.3.4'),
      [],
      'services "web" is forbidden: Use of external IPs is denied by admission control',
    ],
    ['a Service without', denyServiceExternalIPs, Service, service(), [], {}],
    [
      'LimitPodHardAntiAffinityTopology',
      limitPodHardAntiAffinityTopology,
      Pod,
      pod(away('zone')),
      [],
      'has TopologyKey zone but only key kubernetes.io/hostname is allowed',
    ],
    ['a host to itself', limitPodHardAntiAffinityTopology, Pod, pod(away('kubernetes.io/hostname')), [], {}],
    ['NamespaceExists', namespaceExists, ConfigMap, owned(), [], 'namespaces "default" not found'],
    ['a namespace that exists', namespaceExists, ConfigMap, owned(), room(), {}],
    [
      'PodNodeSelector',
      podNodeSelector({ clusterDefaultNodeSelector: 'a=b' }),
      Pod,
      pod(),
      room(),
      { spec: { nodeSelector: { a: 'b' } } },
    ],
    [
      'a namespace with a selector',
      podNodeSelector({ clusterDefaultNodeSelector: 'a=b' }),
      Pod,
      pod({ nodeSelector: { c: 'e' } }),
      room({ 'scheduler.alpha.kubernetes.io/node-selector': 'c=d' }),
      'pod node label selector conflicts with its namespace node label selector',
    ],
    [
      'a whitelist of selectors',
      podNodeSelector({ default: 'a=b' }),
      Pod,
      pod({ nodeSelector: { c: 'd' } }),
      room(),
      'pod node label selector labels conflict with its namespace whitelist',
    ],
    [
      'PodTolerationRestriction',
      small,
      Pod,
      pod(),
      room({ 'scheduler.alpha.kubernetes.io/defaultTolerations': JSON.stringify([only]) }),
      { spec: { tolerations: [only] } },
    ],
    [
      'a whitelist of tolerations',
      small,
      Pod,
      pod({ tolerations: [{ key: 'b', operator: 'Exists' }] }),
      room({ 'scheduler.alpha.kubernetes.io/tolerationsWhitelist': JSON.stringify([only]) }),
      'pod tolerations (possibly merged with namespace default tolerations) conflict with its namespace whitelist',
    ],
    ['an owner, by who may delete', ownerReferences([authorizer]), ConfigMap, owned(owner('1')), [], {}],
    [
      'an owner that is to be held up',
      ownerReferences([authorizer]),
      ConfigMap,
      owned(owner('1', { blockOwnerDeletion: true })),
      [],
      "cannot set blockOwnerDeletion if an ownerReference refers to a resource you can't set finalizers on",
    ],
    [
      'an owner, by who may not',
      ownerReferences([]),
      ConfigMap,
      owned(owner('1')),
      [],
      "cannot set an ownerRef on a resource you can't delete",
    ],
    [
      'PodTopologyLabels',
      podTopologyLabels,
      Pod,
      pod({ nodeName: 'n1' }),
      [[Node, { metadata: { name: 'n1', labels: zone } }]],
      { metadata: { labels: { 'topology.kubernetes.io/zone': 'z1' } } },
    ],
  ])('%s', async (_what, plugin, kind, object, there, expected) => {
    const told = await askPlugin(plugin, { kind, object }, there)
    if (typeof expected === 'string') expect(told.refused).toContain(expected)
    else {
      expect(told.refused).toBeUndefined()
      expect(told.object).toMatchObject(expected)
    }
  })

  it('leave alone what has been there before', async () => {
    const asked = { kind: Service, object: service('1.2.3.4'), previous: service('1.2.3.4') }
    expect((await askPlugin(denyServiceExternalIPs, asked)).refused).toBeUndefined()
    const same = { kind: Deployment, object: owned(owner('1')), previous: owned(owner('1')) }
    expect((await askPlugin(ownerReferences([]), same)).refused).toBeUndefined()
  })

  it('tell who writes too many Events to wait', async () => {
    const clock = new FakeClock()
    const plugin = eventRateLimit([{ type: 'Namespace', qps: 1, burst: 2, cacheSize: 1 }])
    const event = { metadata: { name: 'a' }, involvedObject: {} } as KubeObject
    const ask = async (namespace: string) =>
      (await askPlugin(plugin, { kind: Event, object: event, namespace }, [], clock)).refused
    expect([await ask('a'), await ask('a'), await ask('a')]).toEqual([
      undefined,
      undefined,
      'limit reached on type Namespace for key a',
    ])
    await clock.advance(1000)
    expect(await ask('a')).toBeUndefined()
    expect(await ask('a')).toContain('limit reached')
    // Only one bucket is kept: who was forgotten starts anew.
    await ask('b')
    expect(await ask('a')).toBeUndefined()
  })
})

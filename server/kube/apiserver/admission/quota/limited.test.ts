import type { ResourceQuota as WireQuota } from 'kubernetes-types/core/v1'
import { expect, it } from 'vitest'
import type { KubeObject } from '../../../apimachinery/object-meta.ts'
import type { Client } from '../../../client/client.ts'
import { ConfigMap, PersistentVolumeClaim, Pod, ResourceQuota } from '../../../kinds/index.ts'
import { askPlugin, type There } from '../../testing/ask-plugin.ts'
import { resourceQuota } from './index.ts'
import type { LimitedResource } from './limited.ts'

const priority = { scopeName: 'PriorityClass', operator: 'In', values: ['cluster-services'] }
const limited: LimitedResource[] = [
  {
    apiGroup: '',
    resource: 'persistentvolumeclaims',
    matchContains: ['gold.storageclass.storage.k8s.io/requests'],
    matchScopes: [],
  },
  { apiGroup: '', resource: 'pods', matchContains: [], matchScopes: [priority] },
]
let charged: WireQuota[] = []
const client = { of: () => ({ updateStatus: async (one: WireQuota) => void charged.push(one) }) } as unknown as Client
const plugin = resourceQuota(() => client, limited)
const claim = (storageClassName: string) => ({
  metadata: { name: 'data' },
  spec: { storageClassName, resources: { requests: { storage: '1Gi' } } },
})
const pod = (priorityClassName: string) => ({
  metadata: { name: 'web' },
  spec: { priorityClassName, containers: [{ name: 'a', image: 'a:1' }] },
})
const quota = (hard: Record<string, string>, spec: WireQuota['spec'] = {}): There => {
  const used = Object.fromEntries(Object.keys(hard).map((name) => [name, '0']))
  return [
    [ResourceQuota, { metadata: { name: 'q', namespace: 'default' }, spec, status: { hard, used } } as KubeObject],
  ]
}
const GOLD = 'gold.storageclass.storage.k8s.io/requests.storage'
const NO_SCOPE = 'insufficient quota to match these scopes: [{PriorityClass In [cluster-services]}]'

it.each([
  ['a class of storage that no quota is about', PersistentVolumeClaim, claim('gold'), [], `consume: ${GOLD}`],
  ['one with a quota about something else', PersistentVolumeClaim, claim('gold'), quota({ pods: '1' }), GOLD],
  ['another class', PersistentVolumeClaim, claim('iron'), [], undefined],
  ['a priority that no quota is about', Pod, pod('cluster-services'), [], NO_SCOPE],
  ['one with a quota of another scope', Pod, pod('cluster-services'), quota({}, { scopes: ['BestEffort'] }), NO_SCOPE],
  ['one with a quota for it', Pod, pod('cluster-services'), quota({}, { scopes: ['PriorityClass'] }), undefined],
  ['another priority', Pod, pod('low'), [], undefined],
  ['another kind', ConfigMap, { metadata: { name: 'a' } }, [], undefined],
])('judges %s', async (_what, kind, object, there, expected) => {
  const { refused } = await askPlugin(plugin, { kind, object }, there)
  if (expected === undefined) expect(refused).toBeUndefined()
  else expect(refused).toContain(expected)
})

it('lets in a claim of a limited class that a quota has room for', async () => {
  charged = []
  const there = quota({ [GOLD]: '5Gi' })
  const { refused } = await askPlugin(plugin, { kind: PersistentVolumeClaim, object: claim('gold') }, there)
  expect(refused).toBeUndefined()
  expect(charged.map(({ status }) => status?.used)).toEqual([{ [GOLD]: '1Gi' }])
})

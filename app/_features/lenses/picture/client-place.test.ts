import { expect, it } from 'vitest'
import { placeOf } from './client-place.ts'

it.each([
  ['kubelet/node-1', 'kubelet', 'kubelet'],
  ['kube-proxy/node-1', 'proxy', 'proxy'],
  ['kube-scheduler', 'scheduler', 'Scheduler'],
  ['kube-controller-manager/replicaset-controller', 'loop', 'ReplicaSet'],
  ['kube-controller-manager/resourceclaim-controller', 'loop', 'ResourceClaim'],
  ['kube-apiserver', 'other', 'kube-apiserver'],
  ['network-policy/node-1', 'other', 'network-policy/node-1'],
  ['podium-classroom', 'other', 'podium-classroom'],
  ['kubectl-1.36', 'you', 'kubectl-1.36'],
  ['', 'you', 'unknown'],
])('%j is the %s', (client, role, label) => {
  expect(placeOf(client)).toMatchObject({ role, label })
})

it('tells loops of somebody’s program from those of the control plane', () => {
  const own = 'website-operator/website-controller'
  const loops = new Set([own, 'kube-apiserver/crd-controller'])
  expect([...loops].map((client) => placeOf(client, loops))).toMatchObject([
    { role: 'loop', label: 'Website', isElsewhere: true },
    { role: 'loop', isElsewhere: false },
  ])
})

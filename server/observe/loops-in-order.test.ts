import { expect, it } from 'vitest'
import { loopsInOrder } from './loops-in-order.ts'

it('draws the loops of the labs first, the others by name, the scheduler last', () => {
  const controller = (name: string) => `kube-controller-manager/${name}-controller`
  expect(
    loopsInOrder([
      'kube-scheduler',
      controller('root-ca-publisher'),
      controller('replicaset'),
      controller('node-ipam'),
      controller('endpointslice'),
      controller('deployment'),
    ]),
  ).toEqual([
    controller('deployment'),
    controller('replicaset'),
    controller('endpointslice'),
    controller('node-ipam'),
    controller('root-ca-publisher'),
    'kube-scheduler',
  ])
})

import { expect, it } from 'vitest'
import type { NetworkMachine, NetworkPod, NetworkService } from '../../../../../server/observe/index.ts'
import { callersOf, targetOf, targetsFor } from './trace-choices.ts'

const pod = (namespace: string, name: string, more: Partial<NetworkPod> = {}): NetworkPod => ({
  ...{ namespace, name, ips: ['10.244.1.2'], machine: 'node-1', onHost: false },
  ...more,
})
const machine = (name: string, state: NetworkMachine['state'] = 'listening') => ({ name, state }) as NetworkMachine
const service = (namespace: string, name: string, ports: NetworkService['ports']) =>
  ({ namespace, name, ports }) as NetworkService
const http = { port: 8080, protocol: 'TCP', targetPort: '80' }
const model = {
  pods: [pod('default', 'client'), pod('shop', 'db'), pod('kube-system', 'agent'), pod('default', 'new', { ips: [] })],
  machines: [machine('node-1'), machine('node-2', 'simulated')],
  services: [
    service('default', 'web', [{ ...http, nodePort: 30080 }]),
    service('shop', 'db', [http]),
    service('kube-system', 'kube-dns', [{ port: 53, protocol: 'UDP', targetPort: '53' }]),
  ],
}

it('lets Pods with an address call, a learner’s own, and machines that are real', () => {
  expect(callersOf(model).map(({ words }) => words)).toEqual([
    'client',
    'db in shop',
    'node-1, the machine',
    'your terminal',
  ])
})

it('offers names as the caller would type them', () => {
  const [client, db] = callersOf(model)
  expect(targetsFor(client, model)).toEqual(['web:8080', 'db.shop:8080', 'pod/client', 'node-1:30080'])
  expect(targetsFor(db, model)).toEqual(['web.default:8080', 'db:8080', 'pod/db', 'node-1:30080'])
  expect(targetsFor(callersOf(model).at(-1), model)).toEqual(['node-1:30080'])
})

it('names a Service so that it is found from everywhere', () => {
  expect(model.services.map(targetOf)).toEqual(['web.default:8080', 'db.shop:8080', 'kube-dns.kube-system:53'])
})

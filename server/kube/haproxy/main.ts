// What runs beside HAProxy, outside of what it balances (images/terminal/haproxy.yaml): a client of the API server like any
// other, with the rights of its service account.

import { runOperator } from '../client/operator/run-operator.ts'
import { HaProxy } from './haproxy.ts'
import { haproxyController } from './haproxy-controller.ts'

const { ADDRESSES = '', LOAD_BALANCER_CLASS = 'podium.dev/haproxy' } = process.env
// Without HAProxy the pod is of no use: the kubelet starts it again.
const haproxy = new HaProxy((code) => process.exit(code ?? 1))
const use = (config: string) => haproxy.use(config)
await runOperator({
  name: 'haproxy-controller',
  loops: [haproxyController({ use, addresses: ADDRESSES.split(','), className: LOAD_BALANCER_CLASS })],
})
haproxy.stop()

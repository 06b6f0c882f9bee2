// What runs beside nginx in the pod that is a cluster's door (images/terminal/ingress-nginx.yaml): a client of the API server like
// any other, with the rights of its service account.

import { existsSync } from 'node:fs'
import { runOperator } from '../client/operator/run-operator.ts'
import { Door } from './door.ts'
import { gatewayController } from './gateway-controller.ts'
import { ingressController } from './ingress-controller.ts'
import { Nginx } from './nginx.ts'

const { PUBLISH_SERVICE = '' } = process.env
// Without nginx the pod is of no use: the kubelet starts it again.
const nginx = new Nginx((code) => process.exit(code ?? 1))
const door = new Door((files) => nginx.use(files), existsSync('/proc/net/if_inet6'))
const options = { door, publishService: PUBLISH_SERVICE }
await runOperator({
  name: 'nginx-ingress-controller',
  loops: [ingressController(options), gatewayController(options)],
})
nginx.stop()

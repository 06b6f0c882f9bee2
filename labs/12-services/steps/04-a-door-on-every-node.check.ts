import { serviceIs, serviceReaches } from '../../../server/classroom/labs/index.ts'

export const checks = [
  serviceIs('hello', { aim: 'Service `hello` is open on a port of every node', type: 'NodePort' }),
  serviceReaches('hello', { selector: { app: 'hello' }, port: 80, targetPort: 8080, endpoints: 2 }),
]

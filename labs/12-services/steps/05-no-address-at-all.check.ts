import { serviceIs, serviceReaches } from '../../../server/classroom/labs/index.ts'

export const checks = [
  serviceIs('hello-all', { aim: 'Service `hello-all` has no address of its own', headless: true }),
  serviceReaches('hello-all', { selector: { app: 'hello' }, port: 8080, targetPort: 8080, endpoints: 2 }),
]

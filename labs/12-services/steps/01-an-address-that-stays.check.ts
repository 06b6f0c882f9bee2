import { serviceReaches } from '../../../server/classroom/labs/index.ts'

export const checks = [
  serviceReaches('hello', { selector: { app: 'hello' }, port: 80, targetPort: 8080, endpoints: 3 }),
]

import { serviceReaches } from '../../../server/classroom/labs/index.ts'

export const checks = [
  serviceReaches('shop', { selector: { app: 'front', env: 'prod' }, port: 80, targetPort: 80, endpoints: 3 }),
]

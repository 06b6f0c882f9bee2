import { podLeftService, serviceReaches } from '../../../server/classroom/labs/index.ts'

export const checks = [
  podLeftService('web', { key: 'app', value: 'web' }),
  serviceReaches('web', { selector: { app: 'web' }, port: 80, targetPort: 80, endpoints: 2 }),
]

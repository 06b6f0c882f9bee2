import { serviceIs, serviceReaches } from '../../../server/classroom/labs/index.ts'

export const checks = [
  serviceIs('quote', { aim: 'Service `quote` chooses anew for each connection', affinity: 'None' }),
  serviceReaches('quote', { selector: { app: 'quote' }, port: 80, targetPort: 8080, endpoints: 3 }),
]

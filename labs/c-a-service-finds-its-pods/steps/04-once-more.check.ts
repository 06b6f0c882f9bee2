import { deploymentReady, serviceReaches } from '../../../server/classroom/labs/index.ts'

export const checks = [
  deploymentReady('shop', { image: 'nginx', replicas: 3 }),
  serviceReaches('shop', { selector: { app: 'shop' }, port: 8080, targetPort: 80, endpoints: 3 }),
]

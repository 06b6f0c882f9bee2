import { deploymentReady, serviceReachesDeployment } from '../../../server/classroom/labs/index.ts'

export const checks = [
  deploymentReady('shop', { image: 'nginx', replicas: 3 }),
  serviceReachesDeployment('shop', { deployment: 'shop', port: 8080, targetPort: 80, endpoints: 3 }),
]

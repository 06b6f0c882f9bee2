import { deploymentReady, serviceIs, serviceReachesDeployment } from '../../../server/classroom/labs/index.ts'

export const checks = [
  deploymentReady('front', { image: 'podium/hello:2.0', replicas: 2 }),
  serviceReachesDeployment('front', { deployment: 'front', port: 8000, targetPort: 8080, endpoints: 2 }),
  serviceIs('front', { aim: 'Service `front` is open on a port of every node', type: 'NodePort' }),
]

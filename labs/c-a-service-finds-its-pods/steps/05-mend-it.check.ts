import { serviceReachesDeployment } from '../../../server/classroom/labs/index.ts'

export const checks = [serviceReachesDeployment('web', { deployment: 'web', port: 80, targetPort: 80, endpoints: 2 })]

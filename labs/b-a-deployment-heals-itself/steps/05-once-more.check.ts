import { deploymentReady } from '../../../server/classroom/labs/index.ts'

export const checks = [deploymentReady('cache', { image: 'redis:7', replicas: 2 })]

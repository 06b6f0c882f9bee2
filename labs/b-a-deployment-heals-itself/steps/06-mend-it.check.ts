import { deploymentReady } from '../../../server/classroom/labs/index.ts'

export const checks = [deploymentReady('store', { image: 'nginx:1.26', replicas: 2 })]

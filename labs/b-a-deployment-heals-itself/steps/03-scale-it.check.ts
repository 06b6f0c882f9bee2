import { deploymentReady } from '../../../server/classroom/labs/index.ts'

export const checks = [deploymentReady('web', { image: 'nginx', replicas: 5 })]

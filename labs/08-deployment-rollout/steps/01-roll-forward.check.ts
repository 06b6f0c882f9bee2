import { deploymentReady, rolledOver } from '../../../server/classroom/labs/index.ts'

export const checks = [deploymentReady('web', { image: 'nginx:1.30', replicas: 4 }), rolledOver('web')]

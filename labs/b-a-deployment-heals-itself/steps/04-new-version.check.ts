import { deploymentReady, rolledOver } from '../../../server/classroom/labs/index.ts'

export const checks = [deploymentReady('web', { image: 'nginx:1.26', replicas: 5 }), rolledOver('web')]

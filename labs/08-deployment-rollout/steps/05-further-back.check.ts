import { deploymentReady, rolledBack } from '../../../server/classroom/labs/index.ts'

export const checks = [
  rolledBack('web', { image: 'nginx:1.26' }),
  deploymentReady('web', { image: 'nginx:1.26', replicas: 4 }),
]

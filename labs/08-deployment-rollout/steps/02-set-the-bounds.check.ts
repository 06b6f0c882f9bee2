import { deploymentReady, rolloutBounds } from '../../../server/classroom/labs/index.ts'

export const checks = [
  rolloutBounds('web', { maxSurge: 1, maxUnavailable: 0 }),
  deploymentReady('web', { image: 'nginx:1.30', replicas: 4 }),
]

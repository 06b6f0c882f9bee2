import { deploymentReady, rolloutRuns } from '../../../server/classroom/labs/index.ts'

export const checks = [rolloutRuns('pay'), deploymentReady('pay', { image: 'nginx:1.30', replicas: 2 })]

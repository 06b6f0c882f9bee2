import { deploymentReady, onePodWasDeleted } from '../../../server/classroom/labs/index.ts'

export const checks = [onePodWasDeleted('web'), deploymentReady('web', { image: 'nginx', replicas: 3 })]

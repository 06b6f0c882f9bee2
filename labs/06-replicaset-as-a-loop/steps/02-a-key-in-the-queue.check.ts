import { onePodWasDeleted, replicaSetReady } from '../../../server/classroom/labs/index.ts'

export const checks = [onePodWasDeleted('web'), replicaSetReady('web', { image: 'nginx', replicas: 3 })]

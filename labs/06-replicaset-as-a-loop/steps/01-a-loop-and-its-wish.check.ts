import { replicaSetReady } from '../../../server/classroom/labs/index.ts'

export const checks = [replicaSetReady('web', { image: 'nginx', replicas: 3 })]

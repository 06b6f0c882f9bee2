import { replicaSetReady } from '../../../server/classroom/labs/index.ts'

export const checks = [replicaSetReady('store', { image: 'nginx:1.26', replicas: 2 })]

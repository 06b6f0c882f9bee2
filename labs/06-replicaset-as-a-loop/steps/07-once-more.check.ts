import { replicaSetReady } from '../../../server/classroom/labs/index.ts'

export const checks = [
  replicaSetReady('cache', { image: 'redis:7', replicas: 2, labels: { app: 'cache' } }),
  replicaSetReady('web', { image: 'nginx', replicas: 3 }),
]

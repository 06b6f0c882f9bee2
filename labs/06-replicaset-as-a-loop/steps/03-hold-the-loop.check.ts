import { onePodWasDeleted, replicaSetReady } from '../../../server/classroom/labs/index.ts'

export const checks = [
  onePodWasDeleted({ key: 'app', value: 'web' }),
  replicaSetReady('web', { image: 'nginx', replicas: 3 }),
]

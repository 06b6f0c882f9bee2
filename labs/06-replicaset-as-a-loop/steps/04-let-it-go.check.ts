import { loopReleased, replicaSetReady } from '../../../server/classroom/labs/index.ts'

export const checks = [loopReleased('replicaset'), replicaSetReady('web', { image: 'nginx', replicas: 3 })]

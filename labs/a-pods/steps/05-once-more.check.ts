import { podHasLabels, podReady } from '../../../server/classroom/labs/index.ts'

export const checks = [
  podReady('cache', { image: 'redis:7' }),
  podHasLabels('cache', { app: 'cache', tier: 'backend' }),
]

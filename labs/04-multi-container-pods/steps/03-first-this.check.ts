import { podMadeOf, podSharesVolume } from '../../../server/classroom/labs/index.ts'

export const checks = [
  podMadeOf('prepared', { inits: { prepare: 'busybox' }, containers: { web: 'nginx' } }),
  podSharesVolume('prepared', ['prepare', 'web'], { web: '/usr/share/nginx/html' }),
]

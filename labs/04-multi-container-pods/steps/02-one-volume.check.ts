import { podMadeOf, podSharesVolume } from '../../../server/classroom/labs/index.ts'

export const checks = [
  podMadeOf('page', { containers: { writer: 'busybox', web: 'nginx' } }),
  podSharesVolume('page', ['writer', 'web'], { web: '/usr/share/nginx/html' }),
]

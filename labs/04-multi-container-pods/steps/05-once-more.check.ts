import { podMadeOf, podProbesPath, podSharesVolume } from '../../../server/classroom/labs/index.ts'

export const checks = [
  podMadeOf('site', { sidecars: { web: 'nginx' }, containers: { main: 'busybox' } }),
  podSharesVolume('site', ['web', 'main'], { web: '/usr/share/nginx/html' }),
  podProbesPath('site', { container: 'web', path: '/index.html' }),
]

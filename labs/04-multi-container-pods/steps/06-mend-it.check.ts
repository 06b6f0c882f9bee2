import { podGone, podReady } from '../../../server/classroom/labs/index.ts'

export const checks = [
  podReady('blue', { image: 'nginx' }),
  podReady('green', { image: 'nginx:1.26' }),
  podGone('twins'),
]

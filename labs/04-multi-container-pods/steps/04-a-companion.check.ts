import { podMadeOf, podSharesVolume } from '../../../server/classroom/labs/index.ts'

export const checks = [
  podMadeOf('logged', { sidecars: { shipper: 'busybox' }, containers: { app: 'busybox' } }),
  podSharesVolume('logged', ['shipper', 'app']),
]

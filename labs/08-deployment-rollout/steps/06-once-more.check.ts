import { deploymentReady, rolledOver, rolloutBounds } from '../../../server/classroom/labs/index.ts'

export const checks = [
  rolloutBounds('shop', { maxSurge: 1, maxUnavailable: 0 }),
  deploymentReady('shop', { image: 'podium/hello:2.0', replicas: 3 }),
  rolledOver('shop'),
]

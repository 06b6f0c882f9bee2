import { deploymentReady, neverBelow, rolledOver } from '../../../server/classroom/labs/index.ts'

export const checks = [
  deploymentReady('shop', { image: 'podium/hello:2.0', replicas: 4 }),
  rolledOver('shop', { from: 'podium/hello:1.0' }),
  neverBelow('shop', 4),
]

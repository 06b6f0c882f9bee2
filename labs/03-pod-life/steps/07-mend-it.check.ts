import { podReady } from '../../../server/classroom/labs/index.ts'

export const checks = [podReady('shop', { image: 'busybox' })]

import { podReady, podRunsWith } from '../../../server/classroom/labs/index.ts'

export const checks = [
  podReady('shop', { image: 'busybox' }),
  podRunsWith('shop', { program: /shop 2\.1.*\$CURRENCY.*exit 78.*sleep/s, variable: 'CURRENCY' }),
]

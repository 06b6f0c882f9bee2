import { podEnded } from '../../../server/classroom/labs/index.ts'

export const checks = [podEnded('backup', { phase: 'Failed', restartPolicy: 'Never' })]

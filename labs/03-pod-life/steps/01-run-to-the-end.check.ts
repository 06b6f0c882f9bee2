import { podEnded } from '../../../server/classroom/labs/index.ts'

export const checks = [podEnded('once', { phase: 'Succeeded', restartPolicy: 'Never' })]

import { podEnded } from '../../../server/classroom/labs/index.ts'

export const checks = [podEnded('report', { phase: 'Succeeded', restartPolicy: 'OnFailure', image: 'busybox' })]

import { podRestarted } from '../../../server/classroom/labs/index.ts'

export const checks = [podRestarted('well', { by: 'livenessProbe' })]

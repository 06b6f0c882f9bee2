import { bothEditsSurvive } from '../../../server/classroom/labs/index.ts'

export const checks = [bothEditsSurvive('hours', { open: '8', close: '20' }, { close: '18' })]

import { bothEditsSurvive } from '../../../server/classroom/labs/index.ts'

export const checks = [bothEditsSurvive('board', { soup: 'pea', price: '5' }, { price: '4' })]

import { configMapSays } from '../../../server/classroom/labs/index.ts'

export const checks = [configMapSays('limits', { 'max-orders': '20' })]

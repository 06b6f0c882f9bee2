import { configMapSays } from '../../../server/classroom/labs/index.ts'

export const checks = [configMapSays('second', { colour: 'blue' })]

import { configMapSays } from '../../../server/classroom/labs/index.ts'

export const checks = [configMapSays('board', { soup: 'leek', price: '6' })]

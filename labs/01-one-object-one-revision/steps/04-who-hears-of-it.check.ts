import { configMapMadeAgain, configMapSays } from '../../../server/classroom/labs/index.ts'

export const checks = [configMapMadeAgain('second'), configMapSays('second', { colour: 'blue' })]

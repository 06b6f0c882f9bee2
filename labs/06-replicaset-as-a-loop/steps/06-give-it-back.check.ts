import { podsAdopted } from '../../../server/classroom/labs/index.ts'

export const checks = [podsAdopted('web', 3)]

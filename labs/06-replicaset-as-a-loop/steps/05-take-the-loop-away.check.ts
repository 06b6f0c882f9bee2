import { podsOrphaned } from '../../../server/classroom/labs/index.ts'

export const checks = [podsOrphaned({ key: 'app', value: 'web' }, 3)]

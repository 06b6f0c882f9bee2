import { podGone } from '../../../server/classroom/labs/index.ts'

export const checks = [podGone('hello')]

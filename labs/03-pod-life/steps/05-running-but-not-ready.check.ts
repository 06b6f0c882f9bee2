import { podUnready } from '../../../server/classroom/labs/index.ts'

export const checks = [podUnready('ready')]

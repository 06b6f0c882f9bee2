import { podMadeOf } from '../../../server/classroom/labs/index.ts'

export const checks = [podMadeOf('pair', { containers: { web: 'nginx', client: 'curlimages/curl' } })]

import { podActsAs, podReady } from '../../../server/classroom/labs/index.ts'

export const checks = [podReady('robot', { image: 'curlimages/curl' }), podActsAs('robot', 'reader')]

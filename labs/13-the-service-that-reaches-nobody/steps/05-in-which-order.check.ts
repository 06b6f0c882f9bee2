import { deploymentReady, serviceAnswers } from '../../../server/classroom/labs/index.ts'

export const checks = [
  deploymentReady('tea', { image: 'nginx', replicas: 2 }),
  serviceAnswers('tea', { app: 'tea', endpoints: 2 }),
]

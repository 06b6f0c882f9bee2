import { serviceAnswers } from '../../../server/classroom/labs/index.ts'

export const checks = [serviceAnswers('api', { app: 'api', endpoints: 2 })]

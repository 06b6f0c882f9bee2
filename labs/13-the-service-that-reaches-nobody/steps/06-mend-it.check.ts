import { serviceAnswers } from '../../../server/classroom/labs/index.ts'

export const checks = [serviceAnswers('bill', { app: 'bill', endpoints: 2 })]

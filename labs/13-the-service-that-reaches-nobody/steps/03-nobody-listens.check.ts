import { serviceAnswers } from '../../../server/classroom/labs/index.ts'

export const checks = [serviceAnswers('shop', { app: 'shop', endpoints: 2 })]

import { serviceAnswers } from '../../../server/classroom/labs/index.ts'

export const checks = [serviceAnswers('cart', { app: 'cart', endpoints: 2 })]

import { selectsExactly, serviceReaches } from '../../../server/classroom/labs/index.ts'

export const checks = [
  serviceReaches('cart', { selector: { app: 'cart', env: 'prod' }, port: 80, targetPort: 80, endpoints: 1 }),
  selectsExactly({ app: 'cart', env: 'test' }, ['cart-test']),
]

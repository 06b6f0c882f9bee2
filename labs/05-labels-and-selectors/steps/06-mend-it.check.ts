import { selectsExactly, serviceReachesOnly } from '../../../server/classroom/labs/index.ts'

export const checks = [
  serviceReachesOnly('cart', { pods: ['cart-1'], port: 80, targetPort: 80 }),
  selectsExactly({ app: 'cart', env: 'test' }, ['cart-test']),
]

import { selectsExactly } from '../../../server/classroom/labs/index.ts'

export const checks = [
  selectsExactly({ tier: 'front' }, ['front-1', 'front-2', 'front-test']),
  selectsExactly({ tier: 'back' }, ['cart-1', 'cart-test']),
]

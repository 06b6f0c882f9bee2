import { everyPodHas, selectsExactly } from '../../../server/classroom/labs/index.ts'

export const checks = [
  everyPodHas('app'),
  selectsExactly({ app: 'front' }, ['front-1', 'front-2', 'front-test']),
  selectsExactly({ app: 'cart' }, ['cart-1', 'cart-test']),
]

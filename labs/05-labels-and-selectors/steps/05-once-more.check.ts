import { onlyTheseHave, selectsExactly } from '../../../server/classroom/labs/index.ts'

export const checks = [
  selectsExactly({ release: 'canary' }, ['front-2', 'cart-1']),
  selectsExactly({ release: 'stable' }, ['front-1', 'front-test']),
  onlyTheseHave('release', ['front-1', 'front-2', 'front-test', 'cart-1']),
]

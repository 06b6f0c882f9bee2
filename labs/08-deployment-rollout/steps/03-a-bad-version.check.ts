import { neverBelow, rolloutStuck } from '../../../server/classroom/labs/index.ts'

export const checks = [rolloutStuck('web', { image: 'nginx:does-not-exist', keeps: 4 }), neverBelow('web', 4)]

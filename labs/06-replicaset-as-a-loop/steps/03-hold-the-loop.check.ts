import { loopHeld, replicaSetShort } from '../../../server/classroom/labs/index.ts'

export const checks = [loopHeld('replicaset'), replicaSetShort('web', 3)]

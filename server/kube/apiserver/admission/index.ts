// The plug-ins, in the order they run. To add one: write its file, add it here.

import type { Authorization } from '../authorization/index.ts'
import type { AdmissionPlugin } from './admission.ts'
import { defaultTolerationSeconds } from './default-toleration-seconds.ts'
import { namespaceLifecycle } from './namespace-lifecycle.ts'
import { nodeRestriction } from './node-restriction.ts'
import { rbacEscalation } from './rbac-escalation.ts'
import { serviceAccount } from './service-account.ts'
import { taintNodesByCondition } from './taint-nodes-by-condition.ts'

export const admissionPlugins = (authorization: Authorization): readonly AdmissionPlugin[] => [
  namespaceLifecycle,
  serviceAccount,
  taintNodesByCondition,
  defaultTolerationSeconds,
  nodeRestriction,
  rbacEscalation(authorization),
]

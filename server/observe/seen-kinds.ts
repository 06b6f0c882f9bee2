// Which kinds the lenses see, and which of them whole. Of the others only names, labels and owners leave the cluster, so
// that no Secret's content comes this way.

import type { AnyKind } from '../kube/kinds/define-kind.ts'
import { builtInKinds } from '../kube/kinds/index.ts'

/** They tell that something lives, and by the thousand. */
const LEFT_OUT = new Set(['Event', 'Lease'])
/** Their selectors or states are drawn, so they are read whole. */
const READ_WHOLE = new Set(['Pod', 'Deployment', 'ReplicaSet', 'Service', 'EndpointSlice', 'Node', 'Namespace'])

export const seenKinds: readonly AnyKind[] = builtInKinds.filter(({ kind }) => !LEFT_OUT.has(kind))

export const isReadWhole = ({ kind }: AnyKind): boolean => READ_WHOLE.has(kind)

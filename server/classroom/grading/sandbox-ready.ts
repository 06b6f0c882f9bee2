// What a lab waits for in a learner's cluster, and for how long: whatever is opened next waits behind it.

import type { Clock } from '../../base/clock.ts'
import { nodeIsReady } from '../../observe/index.ts'
import type { ClusterView } from '../labs/cluster-view.ts'
import type { Lab } from '../labs/lab.ts'
import type { Sandbox } from '../sandboxes/sandbox.ts'

const FOLLOW_WITHIN_MS = 60_000
const NODES_WITHIN_MS = 120_000
const PROMPT_WITHIN_MS = 5000

/** Watches everything that the lab's checks read. */
export async function follow({ watch }: Sandbox, lab: Lab, clock: Clock): Promise<void> {
  const followed = new AbortController()
  const late = clock.sleep(FOLLOW_WITHIN_MS, followed.signal).then(() => {
    throw new Error('Your cluster does not answer')
  })
  await Promise.race([watch.follow(lab.cluster.watches), late]).finally(() => followed.abort())
}

/** A cluster is ready when its nodes are; a warm one has been for long. Rejects where one is not. */
export async function nodesReady({ watch }: Sandbox): Promise<void> {
  const areReady = ({ nodes }: ClusterView) => nodes.length > 0 && nodes.every(nodeIsReady)
  await watch.until(areReady, AbortSignal.timeout(NODES_WITHIN_MS))
}

/** Opens the first tab ahead of the browser; where there is no shell, the tab itself says why. */
export async function prompt({ terminals }: Sandbox, clock: Clock): Promise<void> {
  const late = new AbortController()
  const prompted = terminals.tab('1').then((tab) => tab.prompted)
  await Promise.race([prompted, clock.sleep(PROMPT_WITHIN_MS, late.signal)]).catch(() => undefined)
  late.abort()
}

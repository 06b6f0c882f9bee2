// What a plug-in of somebody's own is made from: a function that is given the scheduler's surroundings and returns the
// plug-in. It takes part where a profile enables it by its name. Upstream: app.WithPlugin of cmd/kube-scheduler.

import type { Clock } from '../../base/clock.ts'
import type { Client } from '../client/client.ts'
import type { Plugin } from './framework.ts'
import type { NodeList } from './node-list.ts'
import type { WaitingPods } from './waiting-pods.ts'

export interface PluginHandle {
  client: Client
  clock: Clock
  nodes(): NodeList
  /** Pods that plug-ins make wait at `permit`. */
  waiting: WaitingPods
}

export type MakePlugin = (handle: PluginHandle) => Plugin

// Which checks there are of a server's health, in upstream's order.
// Upstream: apiserver/pkg/server/{config.go,healthz}, controlplane/apiserver/aggregator.go.

import type { Store } from '../store/store.ts'
import type { HealthCheck } from './endpoints/health.ts'
import type { PostStartHooks } from './post-start-hooks.ts'

export interface ServerHealthOptions {
  store: Store
  hooks: PostStartHooks
  /** The server's own loops whose caches are not full yet. */
  unsynced(): readonly string[]
  /** The server's own APIServices that are not there. */
  missing(): readonly string[]
  isClosing(): boolean
}

export function serverChecks({ store, hooks, unsynced, missing, isClosing }: ServerHealthOptions): HealthCheck[] {
  const storeProblem = () => store.status().failure?.message
  return [
    { name: 'ping', problem: () => undefined },
    // Lines are written before the next thing is done: a log that blocks keeps the server from any answer.
    { name: 'log', problem: () => undefined },
    { name: 'etcd', problem: storeProblem },
    { name: 'etcd-readiness', problem: storeProblem, isReadiness: true },
    {
      name: 'informer-sync',
      problem: () => listed(unsynced(), (names) => `${names.length} informers not started yet: `),
      isReadiness: true,
    },
    ...hooks
      .checks()
      .flatMap((check): HealthCheck[] =>
        check.hook === 'kube-apiserver-autoregistration' ? [check, registered(missing)] : [check],
      ),
    {
      name: 'shutdown',
      problem: () => (isClosing() ? 'process is shutting down' : undefined),
      isReadiness: true,
    },
  ]
}

/** Passed once is passed: who deletes an APIService later does not take the server's life. */
function registered(missing: () => readonly string[]): HealthCheck {
  let isDone = false
  return {
    name: 'autoregister-completion',
    problem() {
      const names = isDone ? [] : missing()
      isDone = names.length === 0
      return listed(names, () => 'missing APIService: ')
    },
  }
}

const listed = (names: readonly string[], words: (names: readonly string[]) => string): string | undefined =>
  names.length === 0 ? undefined : `${words(names)}[${names.join(' ')}]`

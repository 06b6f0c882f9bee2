// What a server does once when it starts, under upstream's names. Each is a health check that fails until it has been done.
// Upstream: apiserver/pkg/server/hooks.go.

import type { HealthCheck } from './endpoints/health.ts'

/** In the order in which a kube-apiserver 1.36 tells of them. */
const HOOKS = [
  'start-apiserver-admission-initializer',
  'generic-apiserver-start-informers',
  'priority-and-fairness-config-consumer',
  'priority-and-fairness-filter',
  'storage-object-count-tracker-hook',
  'start-apiextensions-informers',
  'start-apiextensions-controllers',
  'crd-informer-synced',
  'start-system-namespaces-controller',
  'start-cluster-authentication-info-controller',
  'start-kube-apiserver-identity-lease-controller',
  'start-kube-apiserver-identity-lease-garbage-collector',
  'storage-readiness',
  'start-legacy-token-tracking-controller',
  'start-service-ip-repair-controllers',
  'rbac/bootstrap-roles',
  'scheduling/bootstrap-system-priority-classes',
  'priority-and-fairness-config-producer',
  'bootstrap-controller',
  'start-kubernetes-service-cidr-controller',
  'start-kube-aggregator-informers',
  'apiservice-status-local-available-controller',
  'apiservice-status-remote-available-controller',
  'apiservice-registration-controller',
  'apiservice-discovery-controller',
  'kube-apiserver-autoregistration',
  'apiservice-openapi-controller',
  'apiservice-openapiv3-controller',
] as const
export type Hook = (typeof HOOKS)[number]

export class PostStartHooks {
  readonly #hooks: readonly Hook[]
  readonly #open: Set<Hook>

  /** `without`: what a server of these settings does not do. */
  constructor(without: readonly Hook[] = []) {
    this.#hooks = HOOKS.filter((hook) => !without.includes(hook))
    this.#open = new Set(this.#hooks)
  }

  done(...hooks: readonly Hook[]): void {
    for (const hook of hooks) this.#open.delete(hook)
  }

  checks(): (HealthCheck & { hook: Hook })[] {
    return this.#hooks.map((hook) => ({
      hook,
      name: `poststarthook/${hook}`,
      problem: () => (this.#open.has(hook) ? 'not finished' : undefined),
    }))
  }
}

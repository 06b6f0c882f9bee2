// Can whoever serves a version be reached, and what does it serve? And an APIService for each version of a custom resource.
// Upstream: kube-aggregator/pkg/controllers/status/remote, autoregister; controlplane/controller/crdregistration.

import { isoTime } from '../../../base/clock.ts'
import { deepEqual } from '../../apimachinery/deep.ts'
import type { KubeObject } from '../../apimachinery/object-meta.ts'
import { isAlreadyExists, isNotFound } from '../../apimachinery/status-error.ts'
import { type ClusterView, controller } from '../../client/controller-builder.ts'
import type { IndexedCache } from '../../client/indexed-cache.ts'
import type { ReconcileContext, Reconciler, Result } from '../../client/reconcile-context.ts'
import { APIService, type ApiServiceCondition, type ApiServiceWire } from '../../kinds/api-service.ts'
import { CustomResourceDefinition, Endpoints, Service } from '../../kinds/index.ts'
import type { ApiResources } from '../endpoints/api-resources.ts'
import type { ForeignVersion } from '../endpoints/discovery.ts'
import type { ServiceCaller } from '../http-front/service-caller.ts'
import { AUTOMANAGED } from '../system-objects/api-services.ts'
import { type Certificate, remoteHeaders } from './aggregated-request.ts'
import { type Ask, ForeignOpenApi } from './foreign-open-api.ts'

/** Upstream's: the longest wait after failures in a row is that after a check that passed. */
const CHECK_AGAIN_MS = 30_000
const AFTER_FAILURE_MS = 5
const TIMEOUT_MS = 5_000
const CUSTOM_PRIORITY = { groupPriorityMinimum: 1000, versionPriority: 100 }

export interface ApiServiceLoopOptions {
  resources: ApiResources
  caller: ServiceCaller
  certificate: Certificate | undefined
}

export const apiServiceLoop = (options: ApiServiceLoopOptions) =>
  controller('apiservice')
    .for(APIService)
    .watches(CustomResourceDefinition, ({ object: { spec } }) =>
      (spec?.versions ?? []).map(({ name }) => `${name}.${spec.group}`),
    )
    .watches(Service, ({ object }, view) => servedBy(view, object))
    .watches(Endpoints, ({ object }, view) => servedBy(view, object))
    .reconcileWith((view) => new ApiServiceReconciler(view, options))

function servedBy(view: ClusterView, { metadata }: KubeObject): string[] {
  return view
    .cache(APIService)
    .list()
    .filter(({ spec: { service } }) => service?.name === metadata?.name && service?.namespace === metadata?.namespace)
    .map((object) => object.metadata?.name ?? '')
}

class ApiServiceReconciler implements Reconciler {
  readonly #view: ClusterView
  readonly #services: IndexedCache<ApiServiceWire>
  readonly #options: ApiServiceLoopOptions
  readonly #documents = new ForeignOpenApi()
  /** In a row, of each that did not answer: a Pod without a probe is ready before it listens, and nobody tells when it does. */
  readonly #failures = new Map<string, number>()

  constructor(view: ClusterView, options: ApiServiceLoopOptions) {
    this.#view = view
    this.#services = view.cache(APIService)
    this.#options = options
  }

  async reconcile(context: ReconcileContext): Promise<Result> {
    const { key, report } = context
    const object = this.#services.get(key)
    const version = key.slice(0, key.indexOf('.'))
    const group = key.slice(version.length + 1)
    const groupVersion = `${group}/${version}`
    if (object) report.sees(object)
    if (!object?.spec.service) {
      this.#options.resources.tellForeign(groupVersion, undefined)
      this.#documents.forget(groupVersion)
      this.#failures.delete(key)
      return this.#register(context, { object, group, version })
    }
    report.wanted = 'a server that answers'
    const { condition, served } = await this.#check(object, groupVersion)
    report.seen = condition.message ?? ''
    if (served) this.#options.resources.tellForeign(groupVersion, served)
    await this.#tell(context, object, condition)
    if (condition.reason !== 'FailedDiscoveryCheck') {
      this.#failures.delete(key)
      return { requeueAfterMs: CHECK_AGAIN_MS }
    }
    const failures = this.#failures.get(key) ?? 0
    this.#failures.set(key, failures + 1)
    return { requeueAfterMs: Math.min(AFTER_FAILURE_MS * 2 ** failures, CHECK_AGAIN_MS) }
  }

  /** Those of custom resources are made and deleted here; what a person has made stays. */
  async #register(
    { client, report }: ReconcileContext,
    { object, group, version }: { object: ApiServiceWire | undefined; group: string; version: string },
  ): Promise<void> {
    const name = `${version}.${group}`
    const isWanted = this.#view
      .cache(CustomResourceDefinition)
      .list()
      .some(({ spec, status, metadata }) => {
        const isThere = status?.conditions?.some((one) => one.type === 'Established' && one.status === 'True')
        const isServed = spec.versions.some((one) => one.name === version && one.served)
        return isThere && isServed && spec.group === group && !metadata?.deletionTimestamp
      })
    if (isWanted && !object) {
      const metadata = { name, labels: { [AUTOMANAGED]: 'true' } }
      await client
        .of(APIService)
        .create({ metadata, spec: { group, version, ...CUSTOM_PRIORITY } })
        .catch((err) => {
          if (!isAlreadyExists(err)) throw err
        })
      report.did.push('registered it')
    } else if (!isWanted && object?.metadata?.labels?.[AUTOMANAGED] === 'true') {
      await client
        .of(APIService)
        .delete({ name })
        .catch((err) => {
          if (!isNotFound(err)) throw err
        })
      report.did.push('deleted it')
    }
  }

  async #check(
    { spec }: ApiServiceWire,
    groupVersion: string,
  ): Promise<{ condition: ApiServiceCondition; served?: ForeignVersion }> {
    const { name = '', namespace = '', port = 443 } = spec.service ?? {}
    const no = (reason: string, message: string) => ({
      condition: { type: 'Available', status: 'False', reason, message },
    })
    const service = this.#view.cache(Service).get(`${namespace}/${name}`)
    if (!service) return no('ServiceNotFound', `service/${name} in "${namespace}" is not present`)
    if (service.spec?.type !== 'ExternalName') {
      const declared = service.spec?.ports?.find((one) => one.port === port)
      if (!declared) return no('ServicePortError', `service/${name} in "${namespace}" is not listening on port ${port}`)
      const endpoints = this.#view.cache(Endpoints).get(`${namespace}/${name}`)
      if (!endpoints) {
        return no('EndpointsNotFound', `cannot find endpointslices for service/${name} in "${namespace}"`)
      }
      const portName = declared.name ?? ''
      const hasAddress = endpoints.subsets?.some(
        ({ addresses = [], ports = [] }) => addresses.length > 0 && ports.some((one) => (one.name ?? '') === portName),
      )
      if (!hasAddress) {
        const why = `endpointslices for service/${name} in "${namespace}" have no addresses with port name "${portName}"`
        return no('MissingEndpoints', why)
      }
    }
    const url = `https://${name}.${namespace}.svc:${port}/apis/${groupVersion}`
    const failed = (why: string) => no('FailedDiscoveryCheck', `failing or missing response from ${url}: ${why}`)
    const asker = { name: 'system:kube-aggregator', groups: ['system:masters'] }
    const ask: Ask = (path, headers = {}) =>
      this.#options.caller.call({
        service: { namespace, name, port },
        method: 'GET',
        path,
        headers: { ...(remoteHeaders(asker) as Record<string, string>), ...headers },
        caBundle: spec.caBundle,
        isInsecure: spec.insecureSkipTLSVerify ?? false,
        certificate: this.#options.certificate,
        timeoutMs: TIMEOUT_MS,
      })
    try {
      const { code, text } = await ask(`/apis/${groupVersion}`)
      if (code < 200 || code > 299) return failed(`bad status from ${url}: ${code}`)
      const { resources = [] } = JSON.parse(text) as Partial<ForeignVersion>
      const condition = { type: 'Available', status: 'True', reason: 'Passed', message: 'all checks passed' }
      const openApi = await this.#documents.read(groupVersion, ask)
      return { condition, served: { groupVersion, resources, openApi } }
    } catch (err) {
      return failed((err as Error).message)
    }
  }

  async #tell({ client, report }: ReconcileContext, object: ApiServiceWire, found: ApiServiceCondition): Promise<void> {
    const conditions = object.status?.conditions ?? []
    const before = conditions.find(({ type }) => type === found.type)
    const isSame = before?.status === found.status
    const at = (isSame && before.lastTransitionTime) || isoTime(this.#view.clock)
    const condition = { ...found, lastTransitionTime: at }
    if (deepEqual(before, condition)) return
    const others = conditions.filter(({ type }) => type !== found.type)
    await client.of(APIService).updateStatus({ ...object, status: { conditions: [...others, condition] } })
    report.did.push(`${found.status === 'True' ? 'available' : 'not available'}: ${found.message}`)
  }
}

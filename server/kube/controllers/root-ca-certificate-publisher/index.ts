import type { ConfigMap as CoreConfigMap, Namespace as CoreNamespace } from 'kubernetes-types/core/v1'
import { deepEqual } from '../../apimachinery/deep.ts'
import { isAlreadyExists, isNotFound } from '../../apimachinery/status-error.ts'
import { type ClusterView, controller } from '../../client/controller-builder.ts'
import type { Lister } from '../../client/indexed-cache.ts'
import type { ReconcileContext, Reconciler } from '../../client/reconcile-context.ts'
import { ConfigMap } from '../../kinds/config-map.ts'
import { Namespace } from '../../kinds/namespace.ts'
import { isNamespaceTerminating } from '../pod-control.ts'

const NAME = 'kube-root-ca.crt'
const DESCRIBED = 'kubernetes.io/description'
const DESCRIPTION =
  'Contains a CA bundle that can be used to verify the kube-apiserver when using internal endpoints such as the ' +
  'internal service IP or kubernetes.default.svc. No other usage is guaranteed across distributions of Kubernetes clusters.'

/**
 * Publishes the cluster's root certificate in every namespace, where pods mount it beside their token.
 * Upstream: kubernetes/pkg/controller/certificates/rootcacertpublisher.
 */
class RootCaReconciler implements Reconciler {
  readonly #namespaces: Lister<CoreNamespace>
  readonly #configMaps: Lister<CoreConfigMap>
  readonly #rootCaPem: string

  constructor(view: ClusterView, rootCaPem: string) {
    this.#namespaces = view.cache(Namespace)
    this.#configMaps = view.cache(ConfigMap)
    this.#rootCaPem = rootCaPem
  }

  async reconcile({ key, client, report }: ReconcileContext): Promise<void> {
    const namespace = this.#namespaces.get(key)
    if (!namespace || namespace.metadata?.deletionTimestamp) return
    report.sees(namespace)
    const current = this.#configMaps.get(`${key}/${NAME}`)
    const data = { 'ca.crt': this.#rootCaPem }
    const annotations = { [DESCRIBED]: DESCRIPTION }
    report.wanted = `ConfigMap ${NAME}`
    report.seen = current ? 'it is there' : 'none'
    if (deepEqual(current?.data, data) && current?.metadata?.annotations?.[DESCRIBED]) return
    const configMaps = client.of(ConfigMap)
    try {
      if (current) {
        const metadata = { ...current.metadata, annotations: { ...current.metadata?.annotations, ...annotations } }
        await configMaps.update({ ...current, metadata, data })
      } else await configMaps.create({ metadata: { namespace: key, name: NAME, annotations }, data })
      report.did.push(`${current ? 'updated' : 'created'} ConfigMap ${NAME}`)
    } catch (err) {
      // A namespace that goes needs none.
      if (!isAlreadyExists(err) && !isNamespaceTerminating(err) && (current || !isNotFound(err))) throw err
    }
  }
}

export const rootCaCertificatePublisher = (rootCaPem: string) =>
  controller('root-ca-certificate-publisher')
    .queueNamed('root_ca_cert_publisher')
    .actsAs('root-ca-cert-publisher')
    .for(Namespace)
    .watches(ConfigMap, ({ object }) => (object.metadata?.name === NAME ? [object.metadata.namespace ?? ''] : []))
    .reconcileWith((view) => new RootCaReconciler(view, rootCaPem))

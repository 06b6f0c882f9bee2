import type { ConfigMap as CoreConfigMap, Secret as CoreSecret } from 'kubernetes-types/core/v1'
import { deepEqual } from '../../apimachinery/deep.ts'
import { detachedSignature } from '../../apimachinery/detached-signature.ts'
import { keyOf } from '../../apimachinery/object-meta.ts'
import { type ClusterView, controller } from '../../client/controller-builder.ts'
import type { Lister } from '../../client/indexed-cache.ts'
import type { ReconcileContext, Reconciler, Result } from '../../client/reconcile-context.ts'
import { ConfigMap } from '../../kinds/config-map.ts'
import { Secret } from '../../kinds/secret.ts'
import { bootstrapData, bootstrapIdInName, bootstrapTimeLeftMs, isBootstrapToken } from '../bootstrap-token.ts'

const CLUSTER_INFO = 'kube-public/cluster-info'
const SIGNATURE = 'jws-kubeconfig-'

/**
 * Signs kube-public/cluster-info with each bootstrap token, so that whoever holds one can tell that what anybody may read
 * there comes from this cluster. Upstream: kubernetes/pkg/controller/bootstrap/bootstrapsigner.go.
 */
class BootstrapSigner implements Reconciler {
  readonly #view: ClusterView
  readonly #secrets: Lister<CoreSecret>
  readonly #configMaps: Lister<CoreConfigMap>

  constructor(view: ClusterView) {
    this.#view = view
    this.#secrets = view.cache(Secret)
    this.#configMaps = view.cache(ConfigMap)
  }

  async reconcile({ client, report }: ReconcileContext): Promise<Result> {
    const info = this.#configMaps.get(CLUSTER_INFO)
    const content = info?.data?.kubeconfig
    if (!info || content === undefined) return
    const now = this.#view.clock.now()
    const tokens = this.#secrets.inNamespace('kube-system').filter((secret) => maySign(secret, now))
    const rest = Object.entries(info.data ?? {}).filter(([key]) => !key.startsWith(SIGNATURE))
    const signatures = tokens.map((secret) => {
      const id = bootstrapData(secret, 'token-id')
      return [SIGNATURE + id, detachedSignature(content, id, bootstrapData(secret, 'token-secret'))]
    })
    const data: Record<string, string> = Object.fromEntries([...rest, ...signatures])
    report.sees(info, ...tokens)
    report.wanted = `signed by ${tokens.length} tokens`
    report.seen = `signed by ${Object.keys(info.data ?? {}).length - rest.length}`
    if (deepEqual(data, info.data)) return
    await client.of(ConfigMap).update({ ...info, data })
    report.did.push('signed cluster-info')
  }
}

function maySign(secret: CoreSecret, now: number): boolean {
  const id = bootstrapData(secret, 'token-id')
  return (
    isBootstrapToken(secret) &&
    id !== '' &&
    id === bootstrapIdInName(secret) &&
    bootstrapData(secret, 'token-secret') !== '' &&
    bootstrapTimeLeftMs(secret, now) > 0 &&
    bootstrapData(secret, 'usage-bootstrap-signing') === 'true'
  )
}

export const bootstrapSigner = controller('bootstrap-signer')
  .queueNamed('bootstrap_signer_queue')
  .actsAs('bootstrap-signer')
  .concurrency(1)
  .watches(ConfigMap, ({ object }) => (keyOf(object) === CLUSTER_INFO ? [CLUSTER_INFO] : []))
  .watches(Secret, ({ object }) => (isBootstrapToken(object) ? [CLUSTER_INFO] : []))
  .reconcileWith((view) => new BootstrapSigner(view))

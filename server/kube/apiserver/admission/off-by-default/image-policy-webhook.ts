// ImagePolicyWebhook: a server outside says which images pods may run. What it answered holds for a while.
// Upstream: kubernetes/plugin/pkg/admission/imagepolicy.

import type { Pod as WirePod } from 'kubernetes-types/core/v1'
import { httpsTransport } from '../../../client/https-transport.ts'
import { type AdmissionPlugin, type AdmissionRequest, refusal } from '../admission.ts'
import { allContainers, isPod } from '../pods.ts'
import type { ImagePolicySettings } from '../settings.ts'

const KEPT = 1024
const PASSED_ON = '.image-policy.k8s.io/'
const TIMEOUT_MS = 30_000

interface Verdict {
  allowed?: boolean
  reason?: string
  auditAnnotations?: Record<string, string>
}

export function imagePolicyWebhook(settings: ImagePolicySettings | undefined): AdmissionPlugin {
  const transport =
    settings && httpsTransport({ ...settings.config, userAgent: 'kube-apiserver', timeoutMs: TIMEOUT_MS })
  const kept = new Map<string, { until: number; verdict: Verdict }>()
  const ask = async (spec: object): Promise<Verdict> => {
    const body = { apiVersion: 'imagepolicy.k8s.io/v1alpha1', kind: 'ImageReview', spec }
    const review = (await transport?.request({ method: 'POST', path: '', body })) as { status?: Verdict } | undefined
    return review?.status ?? {}
  }
  return {
    name: 'ImagePolicyWebhook',
    handles: (request) =>
      settings !== undefined &&
      (request.operation === 'CREATE' || request.operation === 'UPDATE') &&
      (isPod(request) || request.subresource === 'ephemeralcontainers'),
    async validate(request, { clock }) {
      if (!settings) return
      const spec = specOf(request)
      const key = JSON.stringify(spec)
      const known = kept.get(key)
      let verdict = known && clock.monotonic() < known.until ? known.verdict : undefined
      if (!verdict) {
        try {
          verdict = await ask(spec)
        } catch (err) {
          if (!settings.defaultAllow) throw refusal(request, (err as Error).message)
          request.annotate('alpha.image-policy.k8s.io/failed-open', 'true')
          return
        }
        kept.delete(key)
        const ttlMs = verdict.allowed ? settings.allowTtlMs : settings.denyTtlMs
        kept.set(key, { until: clock.monotonic() + ttlMs, verdict })
        const [oldest] = kept.keys()
        if (kept.size > KEPT && oldest !== undefined) kept.delete(oldest)
      }
      const { allowed, reason, auditAnnotations = {} } = verdict
      for (const [name, value] of Object.entries(auditAnnotations)) {
        request.annotate(`imagepolicywebhook.image-policy.k8s.io/${name}`, value)
      }
      if (allowed) return
      throw refusal(
        request,
        reason
          ? `image policy webhook backend denied one or more images: ${reason}`
          : 'one or more images rejected by webhook backend',
      )
    },
  }
}

function specOf({ object, namespace }: AdmissionRequest): object {
  const { spec, metadata } = object as WirePod
  const passed = Object.entries(metadata?.annotations ?? {}).filter(([key]) => key.includes(PASSED_ON))
  return {
    containers: spec ? allContainers(spec).map(({ image }) => ({ image })) : [],
    ...(passed.length > 0 ? { annotations: Object.fromEntries(passed) } : {}),
    namespace,
  }
}

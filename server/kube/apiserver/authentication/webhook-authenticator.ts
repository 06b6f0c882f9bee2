// A server outside is asked whose token it is, with a TokenReview: that is how directories such as LDAP come in.
// Upstream: apiserver/plugin/pkg/authenticator/token/webhook/webhook.go.

import type { TokenReview } from 'kubernetes-types/authentication/v1'
import { httpsTransport } from '../../client/https-transport.ts'
import type { ClientConfig } from '../../client/kubeconfig.ts'
import type { TokenAuthenticator } from './authenticator.ts'

const TIMEOUT_MS = 30_000

export interface WebhookAuthenticatorOptions {
  /** Server, its authority and how we prove who we are, from a kubeconfig. */
  config: ClientConfig
  version: 'v1' | 'v1beta1'
}

export function webhookAuthenticator({
  config,
  version,
}: WebhookAuthenticatorOptions): TokenAuthenticator & Disposable {
  const transport = httpsTransport({ ...config, userAgent: 'kube-apiserver', timeoutMs: TIMEOUT_MS })
  const apiVersion = `authentication.k8s.io/${version}`
  return {
    name: 'webhook',
    async authenticate(token, audiences) {
      const body = { kind: 'TokenReview', apiVersion, spec: { token, audiences: [...audiences] } }
      const review = (await transport.request({ method: 'POST', path: '', body })) as TokenReview
      const { authenticated, user = {}, error, audiences: good } = review.status ?? {}
      if (!authenticated) {
        if (error) throw new Error(error)
        return undefined
      }
      // A server that knows of no audiences says none; whom it lets in is let in here.
      const matching = good?.filter((one) => audiences.includes(one))
      if (matching?.length === 0)
        throw new Error(`the token is for ${good?.join(', ')}, not for ${audiences.join(', ')}`)
      const { username = '', uid, groups = [], extra } = user
      return {
        user: { name: username, groups, ...(uid ? { uid } : {}), ...(extra ? { extra } : {}) },
        ...(matching ? { audiences: matching } : {}),
      }
    },
    [Symbol.dispose]: () => transport[Symbol.dispose](),
  }
}

// Requests as a service account of kube-system, for a controller manager that is a process of its own: it makes the
// account, asks for a token of it and for another one before that runs out. One identity for each loop, as upstream with
// --use-service-account-credentials. Upstream: k8s.io/controller-manager/pkg/clientbuilder.

import type { Clock } from '../../base/clock.ts'
import { isAlreadyExists, StatusError } from '../apimachinery/status-error.ts'
import type { Transport } from './transport.ts'

const NAMESPACE = 'kube-system'
const TOKEN_SECONDS = 3600
const ACCOUNTS = `/api/v1/namespaces/${NAMESPACE}/serviceaccounts`

export interface ServiceAccountTransportOptions {
  account: string
  /** Of somebody who may make service accounts and tokens of them. */
  issuer: Transport
  clock: Clock
  transportWith(token: string): Transport
}

export function serviceAccountTransport(options: ServiceAccountTransportOptions): Transport {
  const { account, issuer, clock, transportWith } = options
  let current: Promise<Transport> | undefined
  let renewAt = 0

  async function open(): Promise<Transport> {
    const metadata = { name: account, namespace: NAMESPACE }
    await issuer.request({ method: 'POST', path: ACCOUNTS, body: { metadata } }).catch((err) => {
      if (!isAlreadyExists(err)) throw err
    })
    const answer = (await issuer.request({
      method: 'POST',
      path: `${ACCOUNTS}/${account}/token`,
      body: {
        apiVersion: 'authentication.k8s.io/v1',
        kind: 'TokenRequest',
        spec: { expirationSeconds: TOKEN_SECONDS },
      },
    })) as { status: { token: string } }
    // Early enough that a clock which runs a little differently does no harm.
    renewAt = clock.monotonic() + TOKEN_SECONDS * 1000 * 0.8
    return transportWith(answer.status.token)
  }

  function transport(): Promise<Transport> {
    if (!current || clock.monotonic() >= renewAt) {
      renewAt = Number.POSITIVE_INFINITY
      const opening = open()
      current = opening
      opening.catch(() => {
        if (current === opening) current = undefined
      })
    }
    return current
  }

  /** Somebody deleted the account, and its tokens with it: the next request makes both again. */
  async function send<T>(by: (transport: Transport) => Promise<T>): Promise<T> {
    try {
      return await by(await transport())
    } catch (err) {
      if (err instanceof StatusError && err.reason === 'Unauthorized') current = undefined
      throw err
    }
  }

  return {
    request: (request) => send((transport) => transport.request(request)),
    watch: (request) => send((transport) => transport.watch(request)),
    stream: (request) => send((transport) => transport.stream(request)),
  }
}

// Who asks a component, and whether they may: the API server is asked. It has written down whose client certificates are to
// be believed (in kube-system/extension-apiserver-authentication); tokens are known by a TokenReview, rights by a
// SubjectAccessReview. Upstream: apiserver/pkg/server/options/{authentication,authorization}.go, there called delegation.

import type { IncomingMessage } from 'node:http'
import type { TLSSocket } from 'node:tls'
import type { Clock } from '../../base/clock.ts'
import type { Logger } from '../../base/logger.ts'
import type { Client } from '../client/client.ts'
import { SharedInformer } from '../client/shared-informer.ts'
import { ConfigMap } from '../kinds/config-map.ts'

interface User {
  username: string
  groups?: string[]
  uid?: string
  extra?: Record<string, string[]>
}

const ANONYMOUS: User = { username: 'system:anonymous', groups: ['system:unauthenticated'] }

/** Tells whose client certificates are to be believed, now and whenever that changes. */
export function watchTrust(
  told: { client: Client; clock: Clock; random: () => number; logger: Logger },
  onChange: (caPem: string) => void,
): Disposable {
  const stop = new AbortController()
  const selection = { namespace: 'kube-system', fieldSelector: 'metadata.name=extension-apiserver-authentication' }
  const informer = new SharedInformer({ ...told, kind: ConfigMap, selection })
  informer.addHandler(({ type, object }) => {
    const caPem = object.data?.['client-ca-file']
    if (type !== 'deleted' && caPem) onChange(caPem)
  })
  void informer.start(stop.signal)
  return { [Symbol.dispose]: () => stop.abort() }
}

/** Undefined for somebody who says who they are and is not believed. */
export async function whoAsks(client: Client, { socket, headers }: IncomingMessage): Promise<User | undefined> {
  const { subject } = (socket as TLSSocket).getPeerCertificate()
  if (subject && (socket as TLSSocket).authorized) return userOf(subject)
  const token = /^Bearer (.+)$/i.exec(headers.authorization ?? '')?.[1]
  if (!token) return subject ? undefined : ANONYMOUS
  const { status } = (await client.transport.request({
    method: 'POST',
    path: '/apis/authentication.k8s.io/v1/tokenreviews',
    body: { apiVersion: 'authentication.k8s.io/v1', kind: 'TokenReview', spec: { token } },
  })) as { status: { authenticated?: boolean; user?: User } }
  return status.authenticated ? status.user : undefined
}

function userOf({ CN, O }: { CN?: string | string[]; O?: string | string[] }): User | undefined {
  const [username] = [CN ?? []].flat()
  return username ? { username, groups: [...[O ?? []].flat(), 'system:authenticated'] } : undefined
}

/** In the words for who is refused. */
export async function whyNot(
  client: Client,
  { username: user, ...rest }: User,
  asked: { path: string; verb: string },
): Promise<string | undefined> {
  const spec = { user, ...rest, nonResourceAttributes: asked }
  const { status } = (await client.transport.request({
    method: 'POST',
    path: '/apis/authorization.k8s.io/v1/subjectaccessreviews',
    body: { apiVersion: 'authorization.k8s.io/v1', kind: 'SubjectAccessReview', spec },
  })) as { status: { allowed?: boolean } }
  if (status.allowed) return undefined
  return `forbidden: User "${user}" cannot ${asked.verb} path "${asked.path}"\n`
}

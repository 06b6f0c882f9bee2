// Bootstrap tokens: by which a machine believes the cluster that it joins, and is believed. Upstream: kubeadm token.

import { randomInt } from 'node:crypto'
import { systemClock } from '../base/clock.ts'
import { isNotFound } from '../kube/apimachinery/status-error.ts'
import type { Client } from '../kube/client/index.ts'
import { NODE_BOOTSTRAPPERS } from '../kube/cluster/index.ts'
import { ConfigMap, Secret } from '../kube/kinds/index.ts'
import { caCertHashOf } from '../kube/kubelet/bootstrap/discovery.ts'
import type { ClusterCommandContext } from './cluster-commands.ts'
import { clientOf, configOf, runningCluster } from './running-cluster.ts'
import { UserError } from './user-error.ts'

const SIGN_TIMEOUT_MS = 30_000
const LOOK_MS = 100
const TYPE = 'bootstrap.kubernetes.io/token'
export const tokenSecret = (id: string) => ({ name: `bootstrap-token-${id}`, namespace: 'kube-system' })

export async function createToken(
  context: ClusterCommandContext,
  { cluster, ttlMs, print }: { cluster: string; ttlMs: number; print: boolean },
): Promise<void> {
  const found = await runningCluster(context, cluster)
  const token = await makeToken(await clientOf(context, found.name), ttlMs)
  if (!print) return context.say(token)
  context.say(joinCommand(new URL(found.server).host, token, await configOf(context, found.name)))
}

/** Good for joining, and signed with. */
export async function makeToken(client: Client, ttlMs: number): Promise<string> {
  const [id, secret] = [random(6), random(16)]
  await client.of(Secret).create({
    metadata: tokenSecret(id),
    type: TYPE,
    stringData: {
      'token-id': id,
      'token-secret': secret,
      'usage-bootstrap-authentication': 'true',
      'usage-bootstrap-signing': 'true',
      'auth-extra-groups': NODE_BOOTSTRAPPERS,
      ...(ttlMs > 0 ? { expiration: new Date(systemClock.now() + ttlMs).toISOString().replace(/\.\d+/, '') } : {}),
    },
  })
  await untilSigned(client, id)
  return `${id}.${secret}`
}

export const joinCommand = (endpoint: string, token: string, { caPem = '' }: { caPem?: string }): string =>
  `podium node join ${endpoint} --token ${token} --discovery-token-ca-cert-hash ${caCertHashOf(caPem)}`

/** Nobody believes the cluster by a token before its loop has signed with it. */
async function untilSigned(client: Client, id: string): Promise<void> {
  const giveUpAt = systemClock.monotonic() + SIGN_TIMEOUT_MS
  for (;;) {
    const { data } = await client.of(ConfigMap).get({ name: 'cluster-info', namespace: 'kube-public' })
    if (data?.[`jws-kubeconfig-${id}`]) return
    if (systemClock.monotonic() > giveUpAt) {
      throw new UserError('the token is made, but the loop "bootstrap-signer" has not signed cluster-info with it')
    }
    await new Promise((resolve) => setTimeout(resolve, LOOK_MS))
  }
}

export async function listTokens(context: ClusterCommandContext, cluster: string): Promise<void> {
  const client = await clientOf(context, (await runningCluster(context, cluster)).name)
  const { items } = await client.of(Secret).list({ namespace: 'kube-system' })
  const tokens = items.filter(({ type }) => type === TYPE).map(({ data = {} }) => rowOf(data, systemClock.now()))
  const rows = [['TOKEN', 'TTL', 'EXPIRES', 'USAGES', 'DESCRIPTION', 'EXTRA GROUPS'], ...tokens]
  const widths = rows[0]?.map((_, column) => Math.max(...rows.map((row) => row[column]?.length ?? 0))) ?? []
  for (const row of rows)
    context.say(
      row
        .map((text, column) => text.padEnd(widths[column] ?? 0))
        .join('   ')
        .trimEnd(),
    )
}

export async function deleteToken(context: ClusterCommandContext, cluster: string, token: string): Promise<void> {
  const client = await clientOf(context, (await runningCluster(context, cluster)).name)
  const id = token.split('.')[0] ?? ''
  await client
    .of(Secret)
    .delete(tokenSecret(id))
    .catch((err: Error) => {
      throw isNotFound(err) ? new UserError(`failed to delete bootstrap token "${id}": ${err.message}`) : err
    })
  context.say(`bootstrap token "${id}" deleted`)
}

/** As `kubeadm token list` has it, of a Secret's data. */
export function rowOf(data: Readonly<Record<string, string>>, now: number): string[] {
  const said = (key: string) => Buffer.from(data[key] ?? '', 'base64').toString()
  const expires = said('expiration')
  const usages = ['authentication', 'signing'].filter((usage) => said(`usage-bootstrap-${usage}`) === 'true')
  return [
    `${said('token-id')}.${said('token-secret')}`,
    expires ? shortly(Date.parse(expires) - now) : '<forever>',
    expires || '<never>',
    usages.join(',') || '<none>',
    said('description') || '<none>',
    said('auth-extra-groups') || '<none>',
  ]
}

/** In the largest unit that there is one of. Upstream: ShortHumanDuration. */
function shortly(ms: number): string {
  const seconds = Math.trunc(ms / 1000)
  if (seconds < 0) return seconds < -1 ? '<invalid>' : '0s'
  if (seconds < 60) return `${seconds}s`
  if (seconds < 3600) return `${Math.trunc(seconds / 60)}m`
  const hours = Math.trunc(seconds / 3600)
  if (hours < 24) return `${hours}h`
  return hours < 24 * 365 ? `${Math.trunc(hours / 24)}d` : `${Math.trunc(hours / 24 / 365)}y`
}

const LETTERS = 'abcdefghijklmnopqrstuvwxyz0123456789'
const random = (length: number) => Array.from({ length }, () => LETTERS[randomInt(LETTERS.length)]).join('')

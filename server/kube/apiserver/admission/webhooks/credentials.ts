// How the server proves to webhooks who it is: users of a kubeconfig, named by the webhook's host. Of several that fit the
// closest is taken: `hook.shop.svc`, `*.shop.svc`, `*.svc`, `*`.
// Upstream: apiserver/pkg/util/webhook/authentication.go.

import { readFileSync } from 'node:fs'
import { dirname, resolve } from 'node:path'
import { parse } from 'yaml'
import { isJsonObject, type JsonObject } from '../../../apimachinery/json.ts'
import type { Credentials, CredentialsOf } from '../settings.ts'

export function readWebhookCredentials(file: string): CredentialsOf {
  const told: unknown = parse(readFileSync(file, 'utf8'))
  const users = isJsonObject(told) && Array.isArray(told.users) ? told.users.filter(isJsonObject) : []
  const known = new Map(
    users.map(({ name, user }) => [String(name), credentialsOf(isJsonObject(user) ? user : {}, dirname(file))]),
  )
  return (host, port) => {
    const labels = host.split('.')
    const wide = labels.slice(1).map((_, index) => `*.${labels.slice(index + 1).join('.')}`)
    const names = [`${host}:${port}`, ...(port === 443 ? [host] : []), ...wide, '*']
    return names.map((name) => known.get(name)).find((found) => found !== undefined) ?? {}
  }
}

function credentialsOf(user: JsonObject, directory: string): Credentials {
  const read = (name: string) => readFileSync(resolve(directory, name), 'utf8')
  const pem = (name: string) => {
    const data = user[`${name}-data`]
    if (typeof data === 'string') return Buffer.from(data, 'base64').toString('utf8')
    return typeof user[name] === 'string' ? read(user[name]) : undefined
  }
  const [certPem, keyPem] = [pem('client-certificate'), pem('client-key')]
  const token = typeof user.tokenFile === 'string' ? read(user.tokenFile).trim() : user.token
  return {
    ...(certPem && keyPem ? { certificate: { certPem, keyPem } } : {}),
    ...(typeof token === 'string' && token ? { token } : {}),
  }
}

// A real OpenID provider on loopback, and a person who logs in there as one does in a browser: form by form.

import { generateKeyPairSync } from 'node:crypto'
import https from 'node:https'
import { Provider } from 'oidc-provider'
import { testPki } from '../../testing/test-pki.ts'

const CLIENT = { id: 'kubernetes', secret: 'a-secret-of-the-client', redirect: 'https://localhost/callback' }

export interface IdentityProvider extends AsyncDisposable {
  url: string
  caPem: string
  clientId: string
  /** Logs in and resolves to the ID token. */
  logIn(name: string): Promise<string>
  /** From now on it signs with another key. */
  changeKeys(): void
}

type Claims = Readonly<Record<string, unknown>>

export async function startIdentityProvider(people: Readonly<Record<string, Claims>>): Promise<IdentityProvider> {
  const pki = await testPki('identity provider')
  const { certPem, keyPem } = await pki.issue('provider')
  let handle: ReturnType<Provider['callback']>
  const server = https.createServer(
    { cert: certPem, key: keyPem },
    (request, response) => void handle(request, response),
  )
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const url = `https://127.0.0.1:${(server.address() as { port: number }).port}`
  let keys = 0
  const changeKeys = () => {
    handle = providerAt(url, people, `key-${++keys}`).callback()
  }
  changeKeys()
  return {
    url,
    caPem: pki.caPem,
    clientId: CLIENT.id,
    logIn: (name) => logIn(new Browser(pki.caPem), url, name),
    changeKeys,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}

function providerAt(url: string, people: Readonly<Record<string, Claims>>, kid: string): Provider {
  const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 })
  return new Provider(url, {
    clients: [{ client_id: CLIENT.id, client_secret: CLIENT.secret, redirect_uris: [CLIENT.redirect] }],
    jwks: { keys: [{ ...privateKey.export({ format: 'jwk' }), kid, alg: 'RS256', use: 'sig' }] },
    cookies: { keys: ['only for tests'] },
    // As providers for Kubernetes are set up: what is asked for stands in the ID token itself.
    conformIdTokenClaims: false,
    claims: { openid: ['sub', 'email', 'email_verified', 'groups'] },
    pkce: { required: () => false },
    findAccount: (_context, id) => ({ accountId: id, claims: () => ({ sub: id, ...people[id] }) }),
  })
}

/** Follows redirects by hand and keeps cookies, as a browser does. */
class Browser {
  readonly #cookies = new Map<string, string>()
  readonly #ca: string

  constructor(ca: string) {
    this.#ca = ca
  }

  send(url: string, form?: Record<string, string>, headers: Record<string, string> = {}) {
    const body = form && new URLSearchParams(form).toString()
    const cookie = [...this.#cookies].map(([name, value]) => `${name}=${value}`).join('; ')
    return new Promise<{ location: string; text: string }>((resolve, reject) => {
      const request = https.request(
        url,
        {
          ca: this.#ca,
          method: body === undefined ? 'GET' : 'POST',
          headers: { cookie, ...(body ? { 'content-type': 'application/x-www-form-urlencoded' } : {}), ...headers },
        },
        (answer) => {
          for (const line of answer.headers['set-cookie'] ?? []) {
            const [, name = '', value = ''] = /^([^=]+)=([^;]*)/.exec(line) ?? []
            this.#cookies.set(name, value)
          }
          let text = ''
          answer.on('data', (chunk) => (text += chunk))
          const location = answer.headers.location ? new URL(answer.headers.location, url).href : ''
          answer.on('end', () => resolve({ location, text }))
        },
      )
      request.on('error', reject)
      request.end(body)
    })
  }
}

async function logIn(browser: Browser, url: string, name: string): Promise<string> {
  const query = new URLSearchParams({
    client_id: CLIENT.id,
    redirect_uri: CLIENT.redirect,
    response_type: 'code',
    scope: 'openid',
    nonce: 'once',
  })
  let { location } = await browser.send(`${url}/auth?${query}`)
  // First who one is, then that the client may know it; each form leads on to where one came from.
  const forms: Record<string, string>[] = [{ prompt: 'login', login: name, password: 'any' }, { prompt: 'consent' }]
  for (const form of forms) {
    const page = location
    await browser.send(page)
    const sent = await browser.send(page, form)
    location = (await browser.send(sent.location)).location
  }
  const code = new URL(location).searchParams.get('code')
  if (!code) throw new Error(`the provider gave no code, but led to ${location}`)
  const proof = Buffer.from(`${CLIENT.id}:${CLIENT.secret}`).toString('base64')
  const form = { grant_type: 'authorization_code', code, redirect_uri: CLIENT.redirect }
  const { text } = await browser.send(`${url}/token`, form, { authorization: `Basic ${proof}` })
  return (JSON.parse(text) as { id_token: string }).id_token
}

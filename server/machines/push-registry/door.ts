// The door before Debian's docker-registry: knows who comes, lets everybody do what access.ts says and write as much as
// space.ts says, and hands the rest on as it is. Docker asks first, is told where tokens are, and comes again with one:
//
//   docker ── GET /v2/ ──► 401, Bearer realm=/token    GET /token (name and password, or nothing) ──► a token
//          ── PATCH /v2/lab-a/hello/blobs/uploads/… with it ──► the registry behind

import {
  type IncomingHttpHeaders,
  type IncomingMessage,
  type OutgoingHttpHeaders,
  request,
  type ServerResponse,
} from 'node:http'
import { type Asked, mayDo, ownerOf, whatIsAsked } from './access.ts'
import { TOKEN_SECONDS, Tokens, userOfBasic } from './credentials.ts'
import type { Account, Accounts } from './space.ts'

export interface DoorOptions {
  /** `registry.podium:5000`. */
  name: string
  secret: string
  accounts: Accounts
  quotaBytes: number
  registryPort: number
  /** What was sent of a blob that is refused goes at once, or it would count for hours. */
  forgetUpload(repository: string, id: string): Promise<void>
  /** Lets a request through when the registry is there. */
  enter(): Promise<Disposable>
}

/** What a write takes besides its bytes: the files that the registry keeps of it. */
const PER_WRITE = 16 * 1024

export function createDoor(options: DoorOptions): (req: IncomingMessage, res: ServerResponse) => Promise<void> {
  const { name, secret, accounts, registryPort } = options
  const tokens = new Tokens()

  /** `{}` is somebody who did not say who they are, undefined somebody who said it wrong. */
  function whoIs({ headers }: IncomingMessage): { user?: string } | undefined {
    const [, scheme = '', told = ''] = /^(\w+) (.*)$/.exec(headers.authorization ?? '') ?? []
    if (!headers.authorization) return {}
    if (/^bearer$/i.test(scheme)) return tokens.holderOf(told, Date.now())
    const user = /^basic$/i.test(scheme) ? userOfBasic(secret, told) : undefined
    return user === undefined ? undefined : { user }
  }

  const challenge = ({ repository, right }: Partial<Asked> = {}) => {
    const scope = repository ? `,scope="repository:${repository}:${right === 'push' ? 'pull,push' : 'pull'}"` : ''
    return { 'www-authenticate': `Bearer realm="https://${name}/token",service="${name}"${scope}` }
  }

  return async (req, res) => {
    const { pathname, searchParams } = new URL(req.url ?? '/', `https://${name}`)
    const who = whoIs(req)
    if (pathname === '/token') {
      if (!who) return refuse(res, 401, 'UNAUTHORIZED', 'the name or the password is wrong')
      return answer(res, 200, { token: tokens.issue(who.user, Date.now()), expires_in: TOKEN_SECONDS })
    }
    if (pathname === '/v2/' || pathname === '/v2') {
      if (who && req.headers.authorization) return answer(res, 200, {})
      return refuse(res, 401, 'UNAUTHORIZED', 'authentication required', challenge())
    }
    const asked = whatIsAsked(req.method ?? '', pathname)
    if (!asked) return refuse(res, 404, 'UNSUPPORTED', `there is no ${req.method} ${pathname} here`)
    if (!who || (who.user === undefined && !mayDo(undefined, asked))) {
      return refuse(res, 401, 'UNAUTHORIZED', 'authentication required', challenge(asked))
    }
    if (!mayDo(who.user, asked)) {
      const owner = ownerOf(asked.repository)
      return refuse(res, 403, 'DENIED', `you are ${who.user}: only ${owner} may ${asked.right} ${asked.repository}`)
    }
    // A blob of another repository may be taken over by whoever may pull it there.
    const mayMount = searchParams.getAll('from').every((repository) => mayDo(who.user, { repository, right: 'pull' }))
    if (!mayMount) searchParams.delete('mount')
    using _entered = await options.enter()
    using account = writes(req, asked) ? await accounts.open(ownerOf(asked.repository)) : undefined
    await handOn(req, res, { path: `${pathname}?${searchParams}`, account })
  }

  /** Resolves when the answer is whole, or somebody has gone. `path` is what was understood here, written anew. */
  function handOn(
    req: IncomingMessage,
    res: ServerResponse,
    { path, account }: { path: string; account: Account | undefined },
  ): Promise<void> {
    const tooMuch = () => {
      const most = Math.floor(options.quotaBytes / 1024 ** 2)
      // What is still being sent is read and dropped: who is hung up on while they send may never read why.
      req.resume()
      const [, repository, id] = /^\/v2\/(.+)\/blobs\/uploads\/([\w=-]+)\?/.exec(path) ?? []
      if (repository && id) void options.forgetUpload(repository, id)
      refuse(res, 403, 'DENIED', `your images would take more than the ${most} MiB that each has`)
    }
    if (account && !account.take(PER_WRITE)) {
      tooMuch()
      return Promise.resolve()
    }
    return new Promise((resolve) => {
      res.once('close', resolve)
      const headers = headersOnward(req.headers, path)
      const onward = request({ host: '127.0.0.1', port: registryPort, method: req.method, path, headers })
      let isRefused = false
      onward.on('response', (answered) => {
        res.writeHead(answered.statusCode ?? 502, answered.headers)
        answered.pipe(res)
        answered.on('error', () => res.destroy())
      })
      onward.on('error', () => {
        if (res.headersSent) return void (isRefused || res.destroy())
        isRefused = true
        req.resume()
        refuse(res, 502, 'UNKNOWN', 'the registry does not answer; try again')
      })
      req.on('data', (chunk: Buffer) => {
        if (isRefused) return
        if (account && !account.take(chunk.length)) {
          isRefused = true
          onward.destroy()
          tooMuch()
        } else if (!onward.write(chunk)) {
          req.pause()
          onward.once('drain', () => req.resume())
        }
      })
      req.on('end', () => isRefused || onward.end())
      res.on('close', () => onward.destroy())
    })
  }
}

/** A form in the body would count as parameters, before those that were looked at. */
function headersOnward({ authorization: _kept, ...headers }: IncomingHttpHeaders, path: string): IncomingHttpHeaders {
  const isBlob = path.includes('/blobs/uploads/') && headers['content-type'] !== undefined
  return isBlob ? { ...headers, 'content-type': 'application/octet-stream' } : headers
}

const writes = ({ method }: IncomingMessage, { right }: Asked) => right === 'push' && method !== 'DELETE'

function refuse(res: ServerResponse, status: number, code: string, message: string, headers?: OutgoingHttpHeaders) {
  answer(res, status, { errors: [{ code, message }] }, headers)
}

function answer(res: ServerResponse, status: number, body: object, headers?: OutgoingHttpHeaders): void {
  res.writeHead(status, {
    'content-type': 'application/json',
    'docker-distribution-api-version': 'registry/2.0',
    ...headers,
  })
  res.end(JSON.stringify(body))
}

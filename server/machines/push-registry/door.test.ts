// The door before a registry that only notes what reaches it.

import { createServer, type IncomingMessage, request, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest'
import { passwordOf } from './credentials.ts'
import { createDoor } from './door.ts'
import { Accounts } from './space.ts'

const SECRET = 'secret'
const QUOTA = 200_000
let used = 0
let forgotten: string[][] = []
let reached: { line: string; bytes: number; authorization: string | undefined; type: string | undefined }[] = []

const listening = async (server: Server) => {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return (server.address() as AddressInfo).port
}
const behind = createServer((req, res) => {
  let bytes = 0
  req.on('error', () => undefined) // cut off by the door
  req.on('data', (chunk: Buffer) => {
    bytes += chunk.length
  })
  req.on('end', () => {
    const { authorization, 'content-type': type } = req.headers
    reached.push({ line: `${req.method} ${req.url}`, bytes, authorization, type })
    res.writeHead(202, { 'docker-upload-uuid': '0f3c' })
    res.end('from behind')
  })
})
let server: Server
let port: number

beforeAll(async () => {
  const registryPort = await listening(behind)
  const door = createDoor({
    name: 'registry.podium:5000',
    secret: SECRET,
    accounts: new Accounts({ quotaBytes: QUOTA, used: async () => used }),
    quotaBytes: QUOTA,
    registryPort,
    forgetUpload: async (...upload) => void forgotten.push(upload),
    enter: async () => ({ [Symbol.dispose]: () => undefined }),
  })
  server = createServer((req, res) => void door(req, res))
  port = await listening(server)
})
beforeEach(() => {
  used = 0
  forgotten = []
  reached = []
})
afterAll(() => {
  for (const one of [server, behind]) one.close().closeAllConnections()
})

const basic = (user: string, password = passwordOf(SECRET, user)) =>
  `Basic ${Buffer.from(`${user}:${password}`).toString('base64')}`

async function ask(method: string, path: string, authorization?: string, body?: Buffer, type?: string) {
  const answered = await new Promise<IncomingMessage>((resolve, reject) => {
    const asked = request(
      {
        port,
        method,
        path,
        headers: { ...(authorization && { authorization }), ...(type && { 'content-type': type }) },
      },
      resolve,
    )
    asked.on('error', reject)
    asked.end(body)
  })
  let text = ''
  for await (const chunk of answered) text += String(chunk)
  return { status: answered.statusCode, text, challenge: answered.headers['www-authenticate'] }
}

const tokenFor = async (authorization?: string) =>
  `Bearer ${(JSON.parse((await ask('GET', '/token', authorization)).text) as { token: string }).token}`

it('tells who asks first where tokens are, and takes one', async () => {
  expect(await ask('GET', '/v2/')).toMatchObject({
    status: 401,
    challenge: 'Bearer realm="https://registry.podium:5000/token",service="registry.podium:5000"',
  })
  expect((await ask('GET', '/v2/', await tokenFor())).status).toBe(200)
  expect((await ask('GET', '/v2/', await tokenFor(basic('lab-a')))).status).toBe(200)
  expect(await ask('GET', '/token', basic('lab-a', 'guessed'))).toMatchObject({ status: 401 })
  expect((await ask('GET', '/v2/', 'Bearer made.up')).status).toBe(401)
})

it('hands on what somebody may do, as it is and without saying who it was', async () => {
  const answer = await ask('PATCH', '/v2/lab-a/hello/blobs/uploads/1?_state=x', basic('lab-a'), Buffer.alloc(70_000))
  expect(answer).toMatchObject({ status: 202, text: 'from behind' })
  await ask('GET', '/v2/lab-a/hello/manifests/1', await tokenFor())
  expect(reached).toMatchObject([
    { line: 'PATCH /v2/lab-a/hello/blobs/uploads/1?_state=x', bytes: 70_000, authorization: undefined },
    { line: 'GET /v2/lab-a/hello/manifests/1?', bytes: 0, authorization: undefined },
  ])
})

it('says no to others, and to whom', async () => {
  expect(await ask('PUT', '/v2/lab-a/hello/manifests/1', basic('lab-b'))).toMatchObject({
    status: 403,
    text: '{"errors":[{"code":"DENIED","message":"you are lab-b: only lab-a may push lab-a/hello"}]}',
  })
  expect(await ask('POST', '/v2/lab-a/hello/blobs/uploads/', await tokenFor())).toMatchObject({
    status: 401,
    challenge: expect.stringContaining('scope="repository:lab-a/hello:pull,push"'),
  })
  expect((await ask('GET', '/v2/lab-a/private/db/manifests/1', await tokenFor())).status).toBe(401)
  expect((await ask('GET', '/v2/_catalog', basic('lab-a'))).status).toBe(404)
  expect(reached).toEqual([])
})

it('takes a layer over from another repository only for whom may pull it there', async () => {
  const path = '/v2/lab-b/mine/blobs/uploads/'
  await ask('POST', `${path}?mount=sha256:00&from=lab-a%2Fhello`, basic('lab-b'))
  await ask('POST', `${path}?mount=sha256:00&from=lab-a%2Fprivate%2Fdb`, basic('lab-b'))
  // Two readers of one query, or of a form in the body, could understand it each in another way.
  await ask('POST', `${path}?mount=sha256:00&from=lab-b%2Fx;&from=lab-a%2Fprivate%2Fdb`, basic('lab-b'))
  const form = Buffer.from('mount=sha256:00&from=lab-a/private/db')
  await ask('POST', path, basic('lab-b'), form, 'application/x-www-form-urlencoded')
  expect(reached.map(({ line }) => line)).toEqual([
    `POST ${path}?mount=sha256%3A00&from=lab-a%2Fhello`,
    `POST ${path}?from=lab-a%2Fprivate%2Fdb`,
    `POST ${path}?from=lab-b%2Fx%3B&from=lab-a%2Fprivate%2Fdb`,
    `POST ${path}?`,
  ])
  expect(reached.at(-1)?.type).toBe('application/octet-stream')
})

it('hands on the path that it has looked at, not the one that was sent', async () => {
  await ask('GET', '/v2/lab-a/private/../hello/tags/list', basic('lab-b'))
  expect((await ask('GET', '/v2/lab-a/hello/%2e%2e/private/db/tags/list', basic('lab-b'))).status).toBe(403)
  expect(reached.map(({ line }) => line)).toEqual(['GET /v2/lab-a/hello/tags/list?'])
})

it('lets nobody write more than they may, and says so while it is still being sent', async () => {
  const path = '/v2/lab-a/hello/blobs/uploads/1'
  const tooMuch = await ask('PATCH', path, basic('lab-a'), Buffer.alloc(QUOTA * 20))
  expect(tooMuch).toMatchObject({ status: 403, text: expect.stringContaining('your images would take more than') })
  expect(reached).toEqual([])
  expect(forgotten).toEqual([['lab-a/hello', '1']])
  used = QUOTA
  expect((await ask('POST', '/v2/lab-a/hello/blobs/uploads/', basic('lab-a'))).status).toBe(403)
  expect((await ask('DELETE', '/v2/lab-a/hello/manifests/sha256:00', basic('lab-a'))).status).toBe(202)
  expect((await ask('GET', '/v2/lab-a/hello/manifests/1', basic('lab-a'))).status).toBe(202)
})

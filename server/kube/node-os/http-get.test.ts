import http from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { httpGet } from './http-get.ts'

let port = 0
const asked: { url: string; host: string; tags: string | undefined }[] = []
const server = http.createServer(({ url = '', headers }, answer) => {
  asked.push({ url, host: headers.host ?? '', tags: headers['x-tag'] as string | undefined })
  const to = new URL(url, 'http://x').searchParams.get('to')
  if (to) answer.writeHead(302, { location: to }).end('moved')
  else answer.writeHead(url === '/missing' ? 404 : 200).end(url)
})
beforeAll(async () => {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  port = (server.address() as AddressInfo).port
})
afterAll(() => server.close())

const get = (path: string, headers: { name: string; value: string }[] = []) => {
  asked.length = 0
  return httpGet({ scheme: 'HTTP', host: '127.0.0.1', port, path, headers, timeoutMs: 5_000 })
}
const redirect = (to: string) => `/?to=${encodeURIComponent(to)}`

it('follows an answer that leads elsewhere on the same host', async () => {
  expect(await get(redirect('/ok?a=1'))).toEqual({ status: 200, body: '/ok?a=1' })
  expect(await get(redirect('/missing'))).toMatchObject({ status: 404 })
  expect(await get(redirect(`http://127.0.0.1:${port}/ok`))).toMatchObject({ status: 200 })
})

it('follows none to another host', async () => {
  expect(await get(redirect('http://0.0.0.0/'))).toEqual({ status: 302, body: 'moved' })
  expect(asked).toHaveLength(1)
})

it('gives up one that leads on and on', async () => {
  let to = '/ok'
  for (let i = 0; i < 9; i++) to = redirect(to)
  expect(await get(to)).toMatchObject({ status: 200 })
  await expect(get(redirect(to))).rejects.toThrow('stopped after 10 redirects')
})

it('sends each of two headers of one name, and the name of the host also to where a path leads', async () => {
  const host = { name: 'Host', value: 'books.example' }
  await get(redirect('/ok'), [host, { name: 'X-Tag', value: 'a' }, { name: 'x-tag', value: 'b' }])
  expect(asked).toEqual([
    { url: redirect('/ok'), host: 'books.example', tags: 'a, b' },
    { url: '/ok', host: 'books.example', tags: 'a, b' },
  ])
})

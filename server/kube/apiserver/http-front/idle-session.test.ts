import http2, { type ClientHttp2Session } from 'node:http2'
import { expect, it } from 'vitest'
import { FakeClock } from '../../../base/clock.ts'
import { StatusError } from '../../apimachinery/status-error.ts'
import { loadSchemas } from '../../schemas/load-schemas.ts'
import { testPki } from '../testing/test-pki.ts'
import { HttpsFront } from './https-server.ts'
import type { KubeletCaller } from './kubelet-caller.ts'

const schemas = loadSchemas()

/** A session with our front, whose `/watch` is never answered. */
async function connect(
  clock: FakeClock,
): Promise<{ session: ClientHttp2Session; watched: Promise<void> } & AsyncDisposable> {
  const pki = await testPki()
  const watched = Promise.withResolvers<void>()
  const front = new HttpsFront({
    serving: { ...(await pki.issue('kube-apiserver')), caPems: [pki.caPem] },
    handle({ path }) {
      if (path !== '/watch') return Promise.reject(new StatusError('NotFound', 'nothing here'))
      watched.resolve()
      return new Promise(() => {})
    },
    kubelet: {} as KubeletCaller,
    clock,
    schemas,
  })
  const { port } = await front.listen({ host: '127.0.0.1', port: 0 })
  const session = http2.connect(`https://127.0.0.1:${port}`, { ca: pki.caPem })
  await new Promise((resolve) => session.once('remoteSettings', resolve))
  return {
    session,
    watched: watched.promise,
    async [Symbol.asyncDispose]() {
      session.destroy()
      await front.close()
    },
  }
}

const ended = (session: ClientHttp2Session) => new Promise<void>((resolve) => session.once('close', () => resolve()))
const ask = (session: ClientHttp2Session, path: string) =>
  new Promise<void>((resolve, reject) => {
    const stream = session.request({ ':path': path })
    stream.on('error', reject).on('close', resolve).resume()
  })

it('ends a session that has no stream for a minute and a half', async () => {
  const clock = new FakeClock()
  await using test = await connect(clock)
  const { session } = test
  await clock.advance(80_000)
  await ask(session, '/')
  await clock.advance(80_000)
  expect(session.closed).toBe(false)
  const end = ended(session)
  await clock.advance(20_000)
  await end
})

it('keeps one whose watch says nothing for an hour', async () => {
  const clock = new FakeClock()
  await using test = await connect(clock)
  const { session } = test
  const watch = session.request({ ':path': '/watch' })
  await test.watched
  await clock.advance(3_600_000)
  await ask(session, '/')
  expect(session.closed).toBe(false)
  const end = ended(session)
  watch.close()
  await new Promise((resolve) => watch.once('close', resolve))
  await ask(session, '/')
  await clock.advance(180_000)
  await end
})

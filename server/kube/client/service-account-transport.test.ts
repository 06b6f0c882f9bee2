import { expect, it } from 'vitest'
import { FakeClock } from '../../base/clock.ts'
import { startTestServer } from '../apiserver/testing/test-server.ts'
import { Namespace, ServiceAccount } from '../kinds/index.ts'
import { createClient } from './client.ts'
import { httpsTransport } from './https-transport.ts'
import { serviceAccountTransport } from './service-account-transport.ts'

it('makes the account, acts as it and may what its role says, with a new token before the old one runs out', async () => {
  const clock = new FakeClock(Date.now())
  const test = await startTestServer({ clock })
  const { port } = await test.server.listen({ host: '127.0.0.1', port: 0 })
  const manager = test.server.transportFor({
    user: 'system:kube-controller-manager',
    groups: ['system:authenticated'],
    client: 'kube-controller-manager',
  })
  const tokens: string[] = []
  const transport = serviceAccountTransport({
    account: 'service-account-controller',
    issuer: manager,
    clock,
    transportWith: (token) => {
      tokens.push(token)
      const server = `https://127.0.0.1:${port}`
      return httpsTransport({ server, caPem: test.pki.caPem, token, userAgent: 'kube-controller-manager' })
    },
  })
  const client = createClient(transport)
  const make = (name: string) => client.of(ServiceAccount).create({ metadata: { namespace: 'default', name } })
  await Promise.all([make('a'), make('b')])
  expect(tokens, 'one token for both').toHaveLength(1)
  await expect(client.of(Namespace).delete({ name: 'default' })).rejects.toMatchObject({
    message: expect.stringContaining(
      'User "system:serviceaccount:kube-system:service-account-controller" cannot delete',
    ),
  })
  await clock.advance(50 * 60_000)
  await make('c')
  expect(tokens).toHaveLength(2)
  await test.client.of(ServiceAccount).delete({ namespace: 'kube-system', name: 'service-account-controller' })
  await expect(make('d'), 'a token does not outlive its account').rejects.toMatchObject({ code: 401 })
  await make('d')
  await test[Symbol.asyncDispose]()
})

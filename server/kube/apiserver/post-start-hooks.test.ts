import { expect, it } from 'vitest'
import type { Store } from '../store/store.ts'
import { healthAnswer } from './endpoints/health.ts'
import { HealthSlis } from './endpoints/health-slis.ts'
import { PostStartHooks } from './post-start-hooks.ts'
import { serverChecks } from './server-health.ts'

it('fails until all has been done that is done at a start, and says what is missing to whoever asks for that', () => {
  const hooks = new PostStartHooks()
  const names = hooks.checks().map(({ hook }) => hook)
  let unsynced = ['apiservice', 'crd']
  let missing = ['v1.apps', 'v1.batch']
  const checks = serverChecks({
    store: { status: () => ({}) } as Store,
    hooks,
    unsynced: () => unsynced,
    missing: () => missing,
    isClosing: () => false,
  })
  const ask = (path: string) => healthAnswer(path, new URLSearchParams(), { checks, slis: new HealthSlis() })

  hooks.done(...names.filter((name) => name !== 'rbac/bootstrap-roles'))
  expect(ask('/livez')).toMatchObject({
    code: 500,
    body: expect.stringContaining('[-]poststarthook/rbac/bootstrap-roles failed: reason withheld\n'),
  })
  expect(ask('/livez/poststarthook/rbac/bootstrap-roles')).toMatchObject({
    code: 500,
    body: 'internal server error: not finished\n',
  })
  expect(ask('/readyz/informer-sync').body).toBe(
    'internal server error: 2 informers not started yet: [apiservice crd]\n',
  )
  expect(ask('/livez/autoregister-completion').body).toBe(
    'internal server error: missing APIService: [v1.apps v1.batch]\n',
  )

  hooks.done('rbac/bootstrap-roles')
  unsynced = []
  missing = []
  expect(ask('/readyz')).toMatchObject({ code: 200, body: 'ok' })
  // Somebody deletes one later.
  missing = ['v1.apps']
  expect(ask('/readyz')).toMatchObject({ code: 200, body: 'ok' })
})

it('does not name what a server of these settings does not do', () => {
  const names = new PostStartHooks(['start-kube-apiserver-identity-lease-controller']).checks().map(({ name }) => name)
  expect(names).toContain('poststarthook/start-kube-apiserver-identity-lease-garbage-collector')
  expect(names).not.toContain('poststarthook/start-kube-apiserver-identity-lease-controller')
})

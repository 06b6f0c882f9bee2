import { expect, it } from 'vitest'
import { Door, merged } from './door.ts'
import { always, type Location } from './site.ts'

const certificate = { name: 'a', certPem: '', keyPem: '' }
const at = (path: string, name: string): Location => ({
  path,
  isExact: false,
  rules: [always({ name, addresses: [] })],
})

it('lets an Ingress have a path that a route wants too, and the route all others', () => {
  const [site, ...others] = merged(
    [{ host: 'a.example', plain: [at('/a', 'ingress')] }],
    [{ host: 'a.example', plain: [at('/a/', 'route'), at('/b', 'route')], secure: { certificate, locations: [] } }],
  )
  expect(others).toEqual([])
  expect(site).toEqual({
    host: 'a.example',
    plain: [at('/a', 'ingress'), at('/b', 'route')],
    secure: { certificate, locations: [] },
  })
})

it('hands one configuration over at a time, and goes on after one that was not taken', async () => {
  const seen: string[] = []
  let busy = 0
  const door = new Door(async ({ config }) => {
    expect(++busy).toBe(1)
    seen.push((config.match(/(?<=server_name )\w.*(?=;)/g) ?? []).join())
    await Promise.resolve()
    busy--
    if (seen.length === 1) throw new Error('not taken')
    return true
  })
  const first = door.ingress([{ host: 'a.example', plain: [] }])
  const second = door.gateway([{ host: 'b.example', plain: [] }])
  await expect(first).rejects.toThrow('not taken')
  expect(await second).toBe(true)
  expect(seen).toEqual([expect.stringContaining('a.example'), expect.stringMatching(/a\.example.*b\.example/)])
})

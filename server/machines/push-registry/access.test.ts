import { describe, expect, it } from 'vitest'
import { mayDo, whatIsAsked } from './access.ts'

describe('what is asked', () => {
  it.each([
    ['GET', '/v2/lab-a/hello/manifests/1.0', 'lab-a/hello', 'pull'],
    ['HEAD', '/v2/lab-a/private/db/blobs/sha256:0a1b', 'lab-a/private/db', 'pull'],
    ['GET', '/v2/lab-a/hello/tags/list', 'lab-a/hello', 'pull'],
    ['PUT', '/v2/lab-a/hello/manifests/1.0', 'lab-a/hello', 'push'],
    ['DELETE', '/v2/lab-a/hello/manifests/sha256:0a1b', 'lab-a/hello', 'push'],
    ['POST', '/v2/lab-a/hello/blobs/uploads/', 'lab-a/hello', 'push'],
    ['GET', '/v2/lab-a/hello/blobs/uploads/0f3c-11', 'lab-a/hello', 'push'],
    ['PATCH', '/v2/lab-a/blobs/blobs/uploads/0f3c-11', 'lab-a/blobs', 'push'],
    ['GET', '/v2/lab-a/manifests/private/manifests/1', 'lab-a/manifests/private', 'pull'],
  ])('%s %s', (method, path, repository, right) => {
    expect(whatIsAsked(method, path)).toEqual({ repository, right })
  })

  it.each([
    '/v2/_catalog',
    '/v2/lab-a/../lab-b/hello/manifests/1',
    '/v2/lab-a/%2e%2e/lab-b/manifests/1',
    '/v2/lab-a//private/manifests/1',
    '/v2/Lab-A/hello/manifests/1',
    '/v2/lab-a/hello/manifests/1/',
    '/v2/lab-a/hello/manifests/..',
    '/debug/vars',
  ])('nothing that anybody would answer by %s', (path) => {
    expect(whatIsAsked('GET', path)).toBeUndefined()
  })
})

it.each([
  ['lab-a', 'lab-a/hello', 'push', true],
  ['lab-a', 'lab-a/private/db', 'pull', true],
  ['lab-b', 'lab-a/hello', 'push', false],
  ['lab-b', 'lab-a/hello', 'pull', true],
  ['lab-b', 'lab-a/private/db', 'pull', false],
  ['lab', 'lab-a/hello', 'push', false],
  [undefined, 'lab-a/hello', 'pull', true],
  [undefined, 'lab-a/private/db', 'pull', false],
  [undefined, 'lab-a/hello', 'push', false],
  [undefined, 'undefined/hello', 'push', false],
] as const)('%s, of %s: %s → %s', (user, repository, right, may) => {
  expect(mayDo(user, { repository, right })).toBe(may)
})

import { expect, it } from 'vitest'
import type { ApiObjects } from './api-objects.ts'
import { registryAuthsOf } from './registry-auth.ts'

const base64 = (text: string) => Buffer.from(text).toString('base64')
const entry = (name: string) => ({ auth: base64(`${name}:a:secret`) })
const secrets: Record<string, Record<string, string>> = {
  many: {
    '.dockerconfigjson': base64(
      JSON.stringify({
        auths: {
          'https://index.docker.io/v1/': entry('hub'),
          'registry.school.example:5000': entry('school'),
          'registry.school.example:5000/class/one': entry('one'),
          '*.farm.example': entry('farm'),
          plain: { username: 'plain', password: 'text' },
        },
      }),
    ),
  },
  old: { '.dockercfg': base64(JSON.stringify({ 'old.example': entry('old') })) },
  broken: { '.dockerconfigjson': base64('{') },
}
const objects = { secret: async (_: string, name: string) => ({ data: secrets[name] }) } as unknown as ApiObjects
const pod = (...names: string[]) => ({
  metadata: { namespace: 'default' },
  spec: { containers: [], imagePullSecrets: names.map((name) => ({ name })) },
})

it.each([
  { image: 'nginx:1.26', users: ['hub'] },
  { image: 'someone/thing', users: ['hub'] },
  { image: 'docker.io/library/nginx', users: ['hub'] },
  { image: 'registry.school.example:5000/tool:2', users: ['school'] },
  { image: 'registry.school.example:5000/class/one/app', users: ['one', 'school'] },
  { image: 'registry.school.example:5000/class/one:2', users: ['one', 'school'] },
  { image: 'registry.school.example:5000/class/two/app', users: ['school'] },
  { image: 'registry.school.example/tool', users: [] },
  { image: 'east.farm.example/cow', users: ['farm'] },
  { image: 'far.east.farm.example/cow', users: [] },
  { image: 'old.example/thing', users: ['old'] },
  { image: 'elsewhere.example/thing', users: [] },
])('for $image there is $users', async ({ image, users }) => {
  const found = await registryAuthsOf(pod('missing', 'broken', 'many', 'old'), image, objects)
  expect(found.map(({ username }) => username)).toEqual(users)
  // A password may have colons.
  for (const { password } of found) expect(password).toBe('a:secret')
})

it('has none where a pod names no secret', async () => {
  expect(await registryAuthsOf(pod(), 'nginx', objects)).toEqual([])
})

// What is pressed, in which order; real terminals are typed into by labs.real.test.ts.

import { expect, it } from 'vitest'
import type { Script } from '../../server/classroom/labs/lab.ts'
import { type Screen, Typist } from './typist.ts'

const script = (text: string, files: Script['files'] = []): Script => ({ text, files, holds: [], releases: [] })

/** Keys that were pressed, of a typist who sees everything at once. */
async function pressed(...scripts: Script[]): Promise<string[]> {
  const keys: string[] = []
  const typist = new Typist({
    press: async (key) => void keys.push(key),
    sees: async () => undefined,
  })
  for (const each of scripts) await typist.perform(each)
  return keys
}

it('types every line, enters it, and leaves out what is only for the tests', async () => {
  expect(await pressed(script('# Step: 1\n# Hold: replicaset\ncat > a <<EOF\n  b\n\nEOF\n'))).toEqual([
    'cat > a <<EOF',
    '\r',
    '  b',
    '\r',
    '\r',
    'EOF',
    '\r',
  ])
})

it('makes a file in nano, once', async () => {
  const file = script('cat a.yaml', [{ name: 'a.yaml', text: 'a: 1\nb: 2\n' }])
  const first = ['nano a.yaml', '\r', 'a: 1\rb: 2', '\x0f', '\r', '\x18']
  expect(await pressed(file, file)).toEqual([...first, 'cat a.yaml', '\r', 'cat a.yaml', '\r'])
})

it.each([
  [`sed -i 's/pea/leek/' soup.yaml`, 'nano soup.yaml', 'pea\r', 'leek\r'],
  [`sed -i 's|# Missing.|mount: {path: /a/b}|' pod.yaml`, 'nano pod.yaml', '# Missing.\r', 'mount: {path: /a/b}\r'],
  [`KUBE_EDITOR="sed -i 's/80/8080/'" kubectl edit service shop`, 'kubectl edit service shop', '80\r', '8080\r'],
])('does in the editor what a learner would: %s', async (line, opens, from, to) => {
  expect(await pressed(script(line))).toEqual([opens, '\r', '\x1c', from, to, 'a', '\x0f', '\r', '\x18'])
})

it.each([`sed -i 's/^ *image: .*$/x/' a`, `sed -i -e '/gone/d' a`, `sed -i 's/a/[&]/' a`])(
  'leaves to sed what is more than a plain text: %s',
  async (line) => expect(await pressed(script(line))).toEqual([line, '\r']),
)

it('goes on only when the shell asks, or asks for more', async () => {
  const answers: boolean[] = []
  const shows = (before: string): Screen => ({ text: before, before })
  const typist = new Typist({
    press: async () => undefined,
    async sees(holds, what) {
      if (what.startsWith('a prompt after')) {
        for (const before of ['~ $ ls', '', 'a > ', '> ', '~/lab $ ', 'no newline~ $ '])
          answers.push(holds(shows(before)))
      }
    },
  })
  await typist.perform(script('ls'))
  expect(answers).toEqual([false, false, false, true, true, true])
})

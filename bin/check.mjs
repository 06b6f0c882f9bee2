// `npm run check`: format and lint, types, floor plan, dead code, unit tests; all of them run even when one fails.

import { spawn } from 'node:child_process'
import { existsSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { bootstrap, environment, root } from './bootstrap.mjs'
import { generateSources } from './setup.mjs'

const node = bootstrap()
generateSources(node)

const CHECKS = [
  { name: 'format and lint', args: ['node_modules/@biomejs/biome/bin/biome', 'check', '--error-on-warnings'] },
  { name: 'types', args: ['node_modules/typescript7/bin/tsc', '--noEmit'] },
  {
    name: 'floor plan',
    args: [
      'node_modules/dependency-cruiser/bin/dependency-cruiser.mjs',
      '--config',
      '.dependency-cruiser.cjs',
      'server',
      'app',
    ],
  },
  { name: 'dead code', args: ['node_modules/knip/bin/knip.js', '--no-progress', '--no-config-hints'] },
  // More workers than processors: tests wait for sockets and for each other as much as they compute.
  { name: 'unit tests', args: ['node_modules/vitest/vitest.mjs', 'run', '--project', 'logic', '--maxWorkers=200%'] },
]

// Unit tests open hundreds of stores, and what a disk promises is for the real tests to show: theirs is memory where there is some.
const temporary = mkdtempSync(join(existsSync('/dev/shm') ? '/dev/shm' : tmpdir(), 'podium-check-'))

// Each in a process group of its own, as biome and tsc are started by a small program that passes no signal on.
const running = new Set()
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.once(signal, end)

/** Nothing goes on in the background, when somebody ends us or `npm test` does, whose set-up has failed. */
function end() {
  for (const { pid } of running)
    try {
      process.kill(-pid, 'SIGKILL') // tsc heeds nothing less
    } catch {
      // It has just ended by itself.
    }
  // They may write a last file while they go.
  rmSync(temporary, { recursive: true, force: true, maxRetries: 5 })
  process.exit(1)
}

function check({ name, args }) {
  return new Promise((resolve) => {
    const started = Date.now()
    const child = spawn(node, args, {
      cwd: root,
      env: { ...environment(node), TMPDIR: temporary },
      stdio: ['ignore', 'pipe', 'pipe'],
      detached: true,
    })
    running.add(child)
    const output = []
    child.stdout.on('data', (chunk) => output.push(chunk))
    child.stderr.on('data', (chunk) => output.push(chunk))
    child.on('close', (code) => {
      running.delete(child)
      const seconds = ((Date.now() - started) / 1000).toFixed(1)
      process.stdout.write(`${code === 0 ? 'ok    ' : 'FAILED'} ${name} (${seconds} s)\n`)
      if (code !== 0) process.stdout.write(Buffer.concat(output))
      resolve(code === 0)
    })
  })
}

// Side by side: where the tests wait, the others compute.
const passed = await Promise.all(CHECKS.map(check))
rmSync(temporary, { recursive: true, force: true })
process.exit(passed.every(Boolean) ? 0 : 1)

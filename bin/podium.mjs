#!/usr/bin/env node
// `npx podium …`: hands over to server/cli.ts on the right Node.

import { spawn } from 'node:child_process'
import { join } from 'node:path'
import { bootstrap, environment, root } from './bootstrap.mjs'
import { onDeepStack } from './deep-stack.mjs'
import { generateSources } from './setup.mjs'

const node = bootstrap()
// Before the first start there is none: a backup is restored first.
generateSources(node)
const cli = ['--disable-warning=ExperimentalWarning', join(root, 'server', 'cli.ts'), ...process.argv.slice(2)]
const child = spawn(...onDeepStack(node, cli), { stdio: 'inherit', env: environment(node) })
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => child.kill(signal))
child.on('exit', (code, signal) => process.exit(signal ? 1 : (code ?? 1)))

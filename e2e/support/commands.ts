// Runs the real programs, as a person would: the `podium` command and stock kubectl.

import { execFile } from 'node:child_process'
import { join } from 'node:path'
import { promisify } from 'node:util'

export const root = join(import.meta.dirname, '..', '..')
const exec = promisify(execFile)

export interface Outcome {
  code: number
  stdout: string
  stderr: string
}

export async function run(
  command: string,
  args: string[],
  options: { env?: Record<string, string>; input?: string; timeoutMs?: number } = {},
): Promise<Outcome> {
  const running = exec(command, args, {
    cwd: root,
    env: { ...process.env, ...options.env },
    maxBuffer: 64 * 1024 * 1024,
    timeout: options.timeoutMs ?? 60_000,
  })
  // Who ends without having read its input says why in another way.
  running.child.stdin?.on('error', () => undefined).end(options.input ?? '')
  try {
    const { stdout, stderr } = await running
    return { code: 0, stdout, stderr }
  } catch (err) {
    const { code, stdout, stderr, killed } = err as {
      code?: number
      stdout?: string
      stderr?: string
      killed?: boolean
    }
    if (killed) throw new Error(`${command} ${args.join(' ')} did not end in time\n${stdout}\n${stderr}`)
    return { code: typeof code === 'number' ? code : 1, stdout: stdout ?? '', stderr: stderr ?? String(err) }
  }
}

/** `npx podium …`; throws with the command's own words when it fails. */
export async function podium(...args: string[]): Promise<string> {
  const { code, stdout, stderr } = await run(
    process.execPath,
    ['--disable-warning=ExperimentalWarning', 'server/cli.ts', ...args],
    { timeoutMs: 240_000 },
  )
  if (code !== 0) throw new Error(`podium ${args.join(' ')} failed:\n${stdout}${stderr}`)
  return stdout
}

export type KubectlVersion = '1.36' | '1.32' | '1.20'
export type Kubectl = (args: string, options?: { input?: string; timeoutMs?: number }) => Promise<Outcome>

/** Stock kubectl. Arguments are split at blanks; quote with single quotes what holds some. */
export function kubectl(version: KubectlVersion, kubeconfig: string): Kubectl {
  return (args, options) =>
    run(join(root, '.cache', 'bin', `kubectl-${version}`), ['--kubeconfig', kubeconfig, ...words(args)], {
      ...options,
      // A cache of its own, so that what a test sees was asked of this cluster.
      env: { KUBECACHEDIR: `${kubeconfig}.cache-${version}`, KUBECTL_ENABLE_CMD_SHADOW: 'false' },
    })
}

export function words(line: string): string[] {
  return [...line.matchAll(/(?:'[^']*'|[^\s'])+/g)].map(([word]) => word.replaceAll("'", ''))
}

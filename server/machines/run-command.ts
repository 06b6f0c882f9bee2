// Runs one of the host's own programs (iptables, mount, losetup, debootstrap …) and says exactly what failed.
import { spawn } from 'node:child_process'

export interface CommandResult {
  exitCode: number
  stdout: string
  stderr: string
}

/** Resolves whatever the exit status is; a program that is missing is exit status 127. */
export function tryCommand(command: string, args: string[], options: { input?: string } = {}): Promise<CommandResult> {
  return new Promise((resolve) => {
    const path = `${process.env.PATH ?? ''}:/usr/sbin:/sbin:/usr/bin:/bin`
    const child = spawn(command, args, {
      stdio: ['pipe', 'pipe', 'pipe'],
      env: { ...process.env, PATH: path, LC_ALL: 'C' },
    })
    const stdout: Buffer[] = []
    const stderr: Buffer[] = []
    child.stdout.on('data', (chunk: Buffer) => stdout.push(chunk))
    child.stderr.on('data', (chunk: Buffer) => stderr.push(chunk))
    child.stdin.on('error', () => {}) // a program that does not read its input is not our failure
    child.on('error', (err) => resolve({ exitCode: 127, stdout: '', stderr: err.message }))
    child.on('close', (code) =>
      resolve({
        exitCode: code ?? 1,
        stdout: Buffer.concat(stdout).toString(),
        stderr: Buffer.concat(stderr).toString(),
      }),
    )
    child.stdin.end(options.input ?? '')
  })
}

/** Resolves with stdout, rejects on any exit status other than 0. */
export async function runCommand(command: string, args: string[], options: { input?: string } = {}): Promise<string> {
  const { exitCode, stdout, stderr } = await tryCommand(command, args, options)
  if (exitCode !== 0) {
    throw new Error(`${command} ${args.join(' ')}: exit status ${exitCode}: ${(stderr || stdout).trim().slice(-800)}`)
  }
  return stdout
}

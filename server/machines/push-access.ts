// What a cluster's machines and terminals are given so that images can be pushed from there: where to, and the password.
import { mkdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { passwordOf } from './push-registry/credentials.ts'
import { ensureRegistryCertificates, PUSH_REGISTRY } from './registry-certificates.ts'
import { runCommand } from './run-command.ts'

export const PUSH_ADDRESS = `${PUSH_REGISTRY.host}:${PUSH_REGISTRY.port}`

/** `registry.podium:5000/lab-a`: what the names of a cluster's images begin with. */
export const pushPrefix = (cluster: string): string => `${PUSH_ADDRESS}/${cluster}`

/** Onto a disk that is still a copy of the golden one: no learner has been there. */
export async function giveMachinePushAccess(stateDir: string, cluster: string, disk: string): Promise<void> {
  const root = join(disk, 'root')
  await writeDockerConfig(stateDir, cluster, join(root, 'root'))
  await writeFile(join(root, 'etc/profile.d/registry.sh'), `export REGISTRY=${pushPrefix(cluster)}\n`)
}

/** Into a home that nobody has used yet. */
export async function giveHomePushAccess(
  stateDir: string,
  cluster: string,
  { home, user }: { home: string; user: number },
): Promise<void> {
  const directory = await writeDockerConfig(stateDir, cluster, home)
  await runCommand('chown', ['-R', `${user}:${user}`, directory])
}

/** As `docker login` leaves it. */
async function writeDockerConfig(stateDir: string, cluster: string, home: string): Promise<string> {
  const { pushDirectory } = await ensureRegistryCertificates(stateDir)
  const password = passwordOf(await readFile(join(pushDirectory, 'secret'), 'utf8'), cluster)
  const auth = Buffer.from(`${cluster}:${password}`).toString('base64')
  const directory = join(home, '.docker')
  await mkdir(directory, { recursive: true, mode: 0o700 })
  const config = `${JSON.stringify({ auths: { [PUSH_ADDRESS]: { auth } } }, null, 2)}\n`
  await writeFile(join(directory, 'config.json'), config, { mode: 0o600 })
  return directory
}

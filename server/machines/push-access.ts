// What a cluster's machines and terminals are given so that images can be pushed from there: where to, and the password.
import { appendFile, mkdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { passwordOf } from './push-registry/credentials.ts'
import { ensureRegistryCertificates, PUSH_REGISTRY } from './registry-certificates.ts'

export const PUSH_ADDRESS = `${PUSH_REGISTRY.host}:${PUSH_REGISTRY.port}`

/** `registry.podium:5000/lab-a`: what the names of a cluster's images begin with. */
export const pushPrefix = (cluster: string): string => `${PUSH_ADDRESS}/${cluster}`

/** As `docker login` leaves it in ~/.docker/config.json. */
export async function dockerConfigOf(stateDir: string, cluster: string): Promise<string> {
  const { pushDirectory } = await ensureRegistryCertificates(stateDir)
  const password = passwordOf(await readFile(join(pushDirectory, 'secret'), 'utf8'), cluster)
  const auth = Buffer.from(`${cluster}:${password}`).toString('base64')
  return `${JSON.stringify({ auths: { [PUSH_ADDRESS]: { auth } } }, null, 2)}\n`
}

/** What a machine on another host is given, for it is to use the registries of its cluster's home. */
export interface RegistryAccess {
  dockerConfig: string
  prefix: string
  /** Who signed what the registries show; machines at home know them from their disk. */
  authorities?: string
}

export const registryAccessOf = async (stateDir: string, cluster: string): Promise<RegistryAccess> => ({
  dockerConfig: await dockerConfigOf(stateDir, cluster),
  prefix: pushPrefix(cluster),
})

/** Onto a disk that is still a copy of the golden one: no learner has been there. */
export async function giveRegistryAccess(access: RegistryAccess, disk: string): Promise<void> {
  const root = join(disk, 'root')
  await mkdir(join(root, 'root/.docker'), { recursive: true, mode: 0o700 })
  await writeFile(join(root, 'root/.docker/config.json'), access.dockerConfig, { mode: 0o600 })
  await writeFile(join(root, 'etc/profile.d/registry.sh'), `export REGISTRY=${access.prefix}\n`)
  if (access.authorities) await appendFile(join(root, 'etc/ssl/certs/ca-certificates.crt'), access.authorities)
}

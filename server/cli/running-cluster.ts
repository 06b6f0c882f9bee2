// A cluster that runs in the background, found by its name, and a client of it that may do everything.

import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { type Client, createClient, httpsTransport, parseKubeconfig } from '../kube/client/index.ts'
import { clusterDirectory } from '../kube/cluster/index.ts'
import { type ClusterCommandContext, type ListedCluster, listClusters, noSuchCluster } from './cluster-commands.ts'
import { UserError } from './user-error.ts'

export async function runningCluster(context: ClusterCommandContext, name: string): Promise<ListedCluster> {
  const clusters = await listClusters(context)
  const found = clusters.find((one) => one.name === name)
  if (found?.state === 'ready') return found
  if (found) throw new UserError(`cluster "${name}" does not run; start it first: podium cluster start ${name}`)
  throw noSuchCluster(
    name,
    clusters.map((one) => one.name),
  )
}

export const configOf = async ({ stateDir }: ClusterCommandContext, name: string) =>
  parseKubeconfig(await readFile(join(clusterDirectory(stateDir, name), 'super-admin.conf'), 'utf8'))

export const clientOf = async (context: ClusterCommandContext, name: string): Promise<Client> =>
  createClient(httpsTransport({ ...(await configOf(context, name)), userAgent: 'podium' }))

// A cluster that runs in the background, found by its name, and a client of it that may do everything.

import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { type Client, createClient, httpsTransport, parseKubeconfig } from '../kube/client/index.ts'
import { clusterDirectory } from '../kube/cluster/index.ts'
import { type ClusterCommandContext, type ListedCluster, listClusters } from './cluster-commands.ts'
import { UserError } from './user-error.ts'

export async function runningCluster(context: ClusterCommandContext, name: string): Promise<ListedCluster> {
  const found = (await listClusters(context)).find((one) => one.name === name)
  if (found?.state === 'ready') return found
  throw new UserError(found ? `cluster "${name}" does not run` : `there is no cluster named "${name}"`)
}

export const configOf = async ({ stateDir }: ClusterCommandContext, name: string) =>
  parseKubeconfig(await readFile(join(clusterDirectory(stateDir, name), 'super-admin.conf'), 'utf8'))

export const clientOf = async (context: ClusterCommandContext, name: string): Promise<Client> =>
  createClient(httpsTransport({ ...(await configOf(context, name)), userAgent: 'podium' }))

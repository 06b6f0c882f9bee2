// Traces of requests in a cluster, as the classroom makes them.

import { readFile } from 'node:fs/promises'
import { systemClock } from '../../server/base/clock.ts'
import { noLogger } from '../../server/base/logger.ts'
import { watchCluster } from '../../server/classroom/sandboxes/cluster-watch.ts'
import { httpsTransport, parseKubeconfig } from '../../server/kube/client/index.ts'
import { RequestTracing } from '../../server/observe/network/trace/request-tracing.ts'

export async function tracingOf(kubeconfigPath: string): Promise<Pick<RequestTracing, 'trace'> & Disposable> {
  const kubeconfig = await readFile(kubeconfigPath, 'utf8')
  const options = { clock: systemClock, logger: noLogger, random: Math.random }
  const watch = watchCluster(kubeconfig, options)
  await watch.synced()
  const connect = () => httpsTransport({ ...parseKubeconfig(kubeconfig), userAgent: 'podium-observe' })
  const tracing = new RequestTracing({ ...options, sight: watch, connect })
  return { trace: (question) => tracing.trace(question), [Symbol.dispose]: () => watch[Symbol.dispose]() }
}

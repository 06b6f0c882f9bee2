// What a server behind an APIService must know to tell who asks: whose certificates to believe, and in which headers the
// front proxy says it. Upstream: controlplane/controller/clusterauthenticationtrust.

import { ConfigMap } from '../../kinds/config-map.ts'
import { createOnce, type SystemPart } from './part.ts'

const NAMESPACE = 'kube-system'
const NAME = 'extension-apiserver-authentication'

export function extensionAuthentication({
  caPem,
  hasFrontProxy,
}: {
  caPem: string
  hasFrontProxy: boolean
}): SystemPart {
  const list = (...values: string[]) => JSON.stringify(values)
  const frontProxy = {
    'requestheader-allowed-names': list('front-proxy-client'),
    'requestheader-client-ca-file': caPem,
    'requestheader-extra-headers-prefix': list('X-Remote-Extra-'),
    'requestheader-group-headers': list('X-Remote-Group'),
    'requestheader-uid-headers': list('X-Remote-Uid'),
    'requestheader-username-headers': list('X-Remote-User'),
  }
  const object = {
    metadata: { namespace: NAMESPACE, name: NAME },
    data: { 'client-ca-file': caPem, ...(hasFrontProxy ? frontProxy : {}) },
  }
  return {
    hooks: ['start-cluster-authentication-info-controller'],
    isComplete: (peek) => peek(ConfigMap, NAMESPACE, NAME) !== undefined,
    ensure: (client, peek) => createOnce(client, peek, { kind: ConfigMap, object }),
  }
}

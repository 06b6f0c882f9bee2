import { expect, it } from 'vitest'
import { stringify } from 'yaml'
import { detachedSignature } from '../../apimachinery/detached-signature.ts'
import { caCertHashOf, discoverCluster } from './discovery.ts'

// Of an authority that was made for this test; openssl's own answer for its public key stands below.
const CA = `-----BEGIN CERTIFICATE-----
MIIBcDCCARegAwIBAgIUWU6+coc51ntIj6F2j9SMlHb7tGMwCgYIKoZIzj0EAwIw
DTELMAkGA1UEAwwCY2EwIBcNMjYxMTI3MTAyMDQ4WhgPMjEyNjExMDMxMDIwNDha
MA0xCzAJBgNVBAMMAmNhMFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAEp/Lyvigw
Ap2CPR0+FBW2ijokM4SVd9WtzY6vEGu0ZnIwj6irmiNPOql0iRAHf8dvQoHSyh2v
+jqLnbeIhfFzGqNTMFEwHQYDVR0OBBYEFGIy46iEv9Kguvl2jz9wK+KlXg06MB8G
A1UdIwQYMBaAFGIy46iEv9Kguvl2jz9wK+KlXg06MA8GA1UdEwEB/wQFMAMBAf8w
CgYIKoZIzj0EAwIDRwAwRAIgbaF6Iws7Fjx56BN5hobklgZRFrAsiceQ0U/eNHVs
UsQCIBtdgPVEX/My+uJnCk679W1teyoKxL5pK+mOZk8orgkz
-----END CERTIFICATE-----
`
const HASH = 'sha256:8cac7825124cd8c7c3e0bb506cc56f8a60932e410bf00daa2e5d7856c4354739'

const kubeconfig = stringify({
  clusters: [
    {
      name: '',
      cluster: { server: 'https://10.0.0.1:6443', 'certificate-authority-data': Buffer.from(CA).toString('base64') },
    },
  ],
})
const TOKEN = 'abcdef.0123456789abcdef'
const signed = { kubeconfig, 'jws-kubeconfig-abcdef': detachedSignature(kubeconfig, 'abcdef', '0123456789abcdef') }

let asked: unknown
const discover = (
  data: Record<string, string> | undefined,
  told: { token?: string; caCertHash?: string } = {},
  status = 200,
) =>
  discoverCluster(
    { endpoint: '10.0.0.1:6443', token: TOKEN, caCertHash: HASH, ...told },
    {
      httpGet: async (request) => {
        asked = request
        return { status, body: JSON.stringify({ data }) }
      },
    },
  )

it('names a key as openssl does', () => {
  expect(caCertHashOf(CA)).toBe(HASH)
})

it('believes what is signed with the token and shows the authority that was named', async () => {
  expect(await discover(signed)).toEqual({ server: 'https://10.0.0.1:6443', caPem: CA })
  expect(asked).toMatchObject({
    scheme: 'HTTPS',
    host: '10.0.0.1',
    port: 6443,
    path: '/api/v1/namespaces/kube-public/configmaps/cluster-info',
  })
})

it.each([
  ['a token of another form', signed, { token: 'abc' }, 'the bootstrap token is not of the form'],
  [
    'a token that the cluster does not know',
    signed,
    { token: 'zzzzzz.0123456789abcdef' },
    'token id "zzzzzz" is invalid',
  ],
  ['another secret of the same token', signed, { token: 'abcdef.ffffffffffffffff' }, 'failed to verify JWS signature'],
  ['a signature of something else', { ...signed, kubeconfig: `${kubeconfig} ` }, {}, 'failed to verify JWS signature'],
  ['another authority', signed, { caCertHash: HASH.replace(/.$/, 'x') }, 'is invalid: public key sha256:'],
  ['nothing', {}, {}, 'there is no kubeconfig'],
])('does not believe %s', async (_what, data, told, message) => {
  await expect(discover(data, told)).rejects.toThrow(message)
})

it('says so when it is not let in', async () => {
  await expect(discover(undefined, {}, 403)).rejects.toThrow(
    'could not read kube-public/cluster-info at 10.0.0.1:6443: HTTP 403',
  )
})

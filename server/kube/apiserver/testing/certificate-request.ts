// What `openssl req -new` writes for /O=class-a/CN=otter with an ECDSA key, as spec.request holds it.

const PEM = `-----BEGIN CERTIFICATE REQUEST-----
MIHdMIGEAgEAMCIxEDAOBgNVBAoMB2NsYXNzLWExDjAMBgNVBAMMBW90dGVyMFkw
EwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAE4apSHSfEXTvLIU7Oonyji/f02CZ7b5O8
743l16P/zA8OdvR135g+KqvQIpAGmKHuN0BaNjp4QUbcgkZ94IJosKAAMAoGCCqG
SM49BAMCA0gAMEUCIQDjA7JJ0SVyVUTEtXUa5fT/oU8r/ASMaphTme/s0VJfJgIg
SDsi7eIHxKqxpFp2xaeKoZJ0pS5GBfD5JliHfPgsUrA=
-----END CERTIFICATE REQUEST-----
`

export const CERTIFICATE_REQUEST = Buffer.from(PEM).toString('base64')

// People of an LDAP directory in kubectl: a server that the API server asks whose token it is. A token is `name:password`;
// whoever the directory lets in with it is that person, with the groups that have them as a member.
//
//   node ldap-webhook.mjs ldap://127.0.0.1:389 dc=school,dc=example server.crt server.key 8443
//   npx podium cluster create demo --extra-config apiserver.authentication-token-webhook-config-file=/etc/ldap-webhook.conf
//   kubectl --token=otter:secret auth whoami
//
// The second line's file is a kubeconfig whose cluster is this server: https://127.0.0.1:8443, with the certificate-authority
// that signed server.crt. Needs ldapsearch (Debian: ldap-utils). People stand below ou=people as uid=…; groups are groupOfNames.

import { spawn } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { createServer } from 'node:https'

const [directory, base, certFile, keyFile, port] = process.argv.slice(2)

/** Resolves to the entries as lines, or undefined when the directory does not let them in. */
function search({ dn, password, filter, attribute }) {
  const args = ['-x', '-LLL', '-o', 'ldif-wrap=no', '-H', directory, '-D', dn, '-y', '/dev/stdin', '-b', base, filter]
  return new Promise((resolve, reject) => {
    // The password goes by a pipe: on a command line everybody on the machine could read it. Node's own are sockets, which
    // cannot be opened by name.
    const child = spawn('sh', ['-c', 'cat | ldapsearch "$@"', 'sh', ...args, attribute])
    let [found, said] = ['', '']
    child.stdout.on('data', (chunk) => (found += chunk))
    child.stderr.on('data', (chunk) => (said += chunk))
    child.on('error', reject)
    child.on('close', (code) => {
      if (code === 0) return resolve(found.split('\n'))
      // 49: invalid credentials, which a name that nobody has gives as well.
      if (code === 49) return resolve(undefined)
      reject(new Error(`the directory does not answer: ${said.trim()}`))
    })
    child.stdin.on('error', () => undefined)
    child.stdin.end(password)
  })
}

/** A name becomes part of a DN, so it must mean nothing there; and who gives no password is nobody to the directory. */
async function holderOf(token) {
  const [, name, password] = /^([\w.-]+):(.+)$/s.exec(token) ?? []
  if (!name || !password) return undefined
  const dn = `uid=${name},ou=people,${base}`
  const lines = await search({ dn, password, filter: `(&(objectClass=groupOfNames)(member=${dn}))`, attribute: 'cn' })
  const groups = lines?.flatMap((line) => (line.startsWith('cn: ') ? [line.slice('cn: '.length)] : []))
  return groups && { username: name, groups }
}

const server = createServer({ cert: readFileSync(certFile), key: readFileSync(keyFile) }, async (request, response) => {
  let status = { authenticated: false }
  try {
    let body = ''
    for await (const chunk of request) body += chunk
    const user = await holderOf(JSON.parse(body).spec.token)
    if (user) status = { authenticated: true, user }
  } catch (err) {
    status = { authenticated: false, error: err.message }
  }
  response.writeHead(200, { 'content-type': 'application/json' })
  response.end(JSON.stringify({ apiVersion: 'authentication.k8s.io/v1', kind: 'TokenReview', status }))
})
server.listen(Number(port), '127.0.0.1', () => console.log(`listening on port ${server.address().port}`))

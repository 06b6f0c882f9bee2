import { describe, expect, it } from 'vitest'
import { nginxFiles } from './nginx-config.ts'
import { always, type Backend, type Changes, type Rule, type Site } from './site.ts'

const web = { name: 'default.web.80', addresses: ['10.244.0.2:80', '10.244.1.2:80'] }
const none = { name: 'default.none.80', addresses: [] }
const location = (path: string, isExact = false, backend: Backend = web) => ({
  path,
  isExact,
  rules: [always(backend)],
})

/** Each server's name and what it matches, in the order of the file. */
function servers(...sites: Site[]): string[][] {
  const { config } = nginxFiles(sites)
  return config
    .split(/^ {4}server \{$/m)
    .slice(1)
    .map((text) => text.match(/(?<=server_name ).*(?=;)|(?<=location ).*(?= \{)|return.*(?=;)/gm) ?? [])
}

describe('the configuration of nginx', () => {
  it('answers for names that nobody has', () => {
    const nothing = ['_', '/', 'return 404 "default backend - 404\\n"']
    expect(servers()).toEqual([nothing, nothing])
    expect(nginxFiles([]).config).toContain('listen 80 default_server;')
    expect(nginxFiles([]).config).toContain('listen [::]:443 ssl default_server;')
    expect(nginxFiles([], false).config).not.toContain('[::]')
  })

  it.each([
    ['all', [location('/')], ['"/"']],
    ['a prefix, by whole elements', [location('/a')], ['= "/a"', '"/a/"']],
    ['a prefix with a / at its end', [location('/a/')], ['= "/a"', '"/a/"']],
    ['a path alone', [location('/a', true)], ['= "/a"']],
    ['a path alone that ends with a /', [location('/a.b/', true)], ['~ "^/a\\\\.b/$"']],
    ['a path alone beside all that is below', [location('/a', true), location('/a')], ['= "/a"', '"/a/"']],
    ['what would be more than a path', [location('/a"; } evil \\', true)], ['= "/a\\"; } evil \\\\"']],
  ])('matches %s', (_what, locations, expected) => {
    const [, , matches = []] = servers({ host: 'a.example', plain: locations })
    expect(matches.slice(1).filter((line) => line.includes('"') && !line.startsWith('return'))).toEqual(expected)
  })

  it('lists each backend once, and says of one without pods that there is none', () => {
    const sites = ['a.example', 'b.example'].map((host) => ({
      host,
      plain: [location('/'), location('/x', true, none)],
    }))
    const { config } = nginxFiles(sites)
    expect(config.match(/upstream \S+/g)).toEqual(['upstream default.web.80'])
    expect(config).toContain('server 10.244.0.2:80;\n        server 10.244.1.2:80;')
    expect(config.match(/return 503/g)).toHaveLength(2)
  })

  it('lets a * stand for one label, and two for any number', () => {
    const names = servers({ host: '*.a.example', plain: [] }, { host: '**.b.example', plain: [] }).map(([name]) => name)
    expect(new Set(names)).toEqual(new Set(['_', '~^[^.]+\\.a\\.example$', '*.b.example']))
  })

  it('shakes hands under those names only that it has a certificate for', () => {
    const certificate = { name: 'default.tls', certPem: 'CERT\n', keyPem: 'KEY' }
    const { config, certificates } = nginxFiles([
      { host: 'a.example', plain: [], secure: { certificate, locations: [] } },
    ])
    expect(certificates).toEqual(new Map([['/etc/nginx/certificates/default.tls.pem', 'CERT\nKEY\n']]))
    expect(config.match(/ssl_reject_handshake on/g)).toHaveLength(1)
    expect(config).toContain('ssl_certificate_key /etc/nginx/certificates/default.tls.pem;')
  })

  it('chooses by what a request brings, and among backends by their weights', () => {
    const rules: Rule[] = [
      {
        conditions: [
          { of: 'header', name: 'X-Env', value: 'a.b' },
          { of: 'method', name: '', value: 'GET' },
          { of: 'query', name: 'v', value: '2' },
        ],
        split: [{ backend: none, weight: 1 }],
      },
      {
        conditions: [],
        split: [web, { ...none, isInvalid: true }].map((backend, at) => ({ backend, weight: 3 - 2 * at })),
      },
    ]
    const { config } = nginxFiles([{ host: 'a.example', plain: [{ path: '/', isExact: false, rules }] }])
    expect(config).toContain('map "$http_x_env" $holds_0_0_0 {\n        "~^a\\\\.b$" 1;\n        default 0;')
    expect(config).toContain(`map "\${holds_0_0_0}\${holds_0_0_1}\${holds_0_0_2}" $all_0_0 {\n        "111" 1;`)
    expect(config).toContain(`map "\${all_0_0}1" $rule_0 {\n        "~^1" "@rule_0";\n        "~^01" "@rule_1";`)
    expect(config).toContain('try_files /.podium/none $rule_0;')
    expect(config).toContain('location @rule_0 {\n            return 503')
    expect(config).toContain(
      'split_clients $request_id $backend_1 {\n        75.00% "default.web.80";\n        * "no backend";',
    )
  })
})

const lines = (changes: Changes, secure = false): string[] => {
  const rules = [{ conditions: [], split: [{ backend: web, weight: 1 }], changes }]
  const locations = [{ path: '/', isExact: false, rules }]
  const certificate = { name: 'tls', certPem: '', keyPem: '' }
  const { config } = nginxFiles([{ host: 'a', plain: locations, secure: { certificate, locations } }])
  return config
    .split(secure ? 'ssl_certificate_key' : 'server_name a;')[1]!
    .split(/^ {4}\}$/m)[0]!
    .split('\n')
    .map((line) => line.trim())
}

describe('what a rule changes', () => {
  const header = (name: string, value: string) => ({ name, value })

  it('gives headers beside those that all are given, and takes some away', () => {
    const request = {
      set: [header('x-real-ip', 'a$b"'), header('X-A', '1')],
      add: [header('X-B', '$2')],
      remove: ['Cookie'],
    }
    const given = lines({ request, host: 'b.example' }).filter((line) => line.startsWith('proxy_set_header'))
    expect(given).toContain(`proxy_set_header "x-real-ip" "a\${dollar}b\\"";`)
    expect(given).toContain('proxy_set_header "X-A" "1";')
    expect(given).toContain('proxy_set_header "X-B" $added_0_0;')
    expect(given).toContain('proxy_set_header "Cookie" "";')
    expect(given).toContain('proxy_set_header "Host" "b.example";')
    expect(given).toContain('proxy_set_header X-Forwarded-Proto $scheme;')
    expect(given.filter((line) => /^proxy_set_header "?(host|x-real-ip)/i.test(line))).toHaveLength(2)
  })

  it('changes what is answered', () => {
    const response = { set: [header('Server', 'x')], add: [header('Set-Cookie', 'a=b')], remove: ['X-Gone'] }
    expect(lines({ response })).toEqual(
      expect.arrayContaining([
        'proxy_hide_header "Server";',
        'proxy_hide_header "X-Gone";',
        'add_header "Server" "x" always;',
        'add_header "Set-Cookie" "a=b" always;',
      ]),
    )
  })

  it.each([
    [{ full: '/x$y' }, `rewrite ^ "/x\${dollar}y" break;`],
    [{ prefix: '/a', by: '/b' }, 'rewrite "(?s)^/a(.*)$" "/b$1" break;'],
    [{ prefix: '/a.b/', by: '/c/' }, 'rewrite "(?s)^/a\\\\.b(.*)$" "/c$1" break;'],
    [{ prefix: '/a', by: '/' }, 'rewrite "(?s)^/a/*(.*)$" "/$1" break;'],
    [{ prefix: '/', by: '/b' }, 'rewrite "(?s)^(.*)$" "/b$1" break;'],
  ])('leads %j by %s', (path, expected) => {
    expect(lines({ path })).toContain(expected)
  })

  it.each([
    [{ code: 302, scheme: 'https' }, 'return 302 https://$host$request_uri;'],
    [{ code: 301, port: 8080, host: 'b.example' }, 'return 301 http://b.example:8080$request_uri;'],
    [{ code: 302, scheme: 'https', port: 443 }, 'return 302 https://$host$request_uri;'],
    [{ code: 308, path: { full: '/b' } }, 'return 308 http://$host/b$is_args$args;'],
    [{ code: 301, path: { prefix: '/a', by: '/b' } }, 'rewrite "(?s)^/a(.*)$" "http://$host/b$1" permanent;'],
  ] as const)('sends the caller on for %j: %s', (redirect, expected) => {
    expect(lines({ redirect })).toContain(expected)
  })

  it('keeps the caller’s scheme where no other is asked for', () => {
    expect(lines({ redirect: { code: 302 } }, true)).toContain('return 302 https://$host$request_uri;')
    expect(lines({ redirect: { code: 302, port: 80 } }, true)).toContain('return 302 https://$host:80$request_uri;')
  })

  it('tells somebody else as well, where anybody is there', () => {
    const other = { name: 'default.log.80', addresses: ['10.244.0.9:80'] }
    const said = lines({ mirrors: [none, other] })
    expect(said.filter((line) => line.startsWith('mirror'))).toEqual(['mirror /.podium/mirror/0/1;'])
    expect(said).toContain('proxy_pass http://default.log.80$request_uri;')
  })
})

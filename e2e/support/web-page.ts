// A page that a pod serves behind a load balancer. Its script says what it could get of whoever shows it.

const html = `<!doctype html>
<html lang="en">
<head><title>A page</title></head>
<body>
<h1>From the pod</h1>
<p><a href="/next.html">next</a></p>
<script>
  const say = (text) => document.body.append(Object.assign(document.createElement('p'), { textContent: text }))
  const attempt = (name, get) => {
    try { get(); say(name + ': given') } catch { say(name + ': refused') }
  }
  fetch('/told.txt').then((answer) => answer.text()).then((text) => say('asked: ' + text))
  attempt('cookie', () => document.cookie)
  attempt('storage', () => localStorage.length)
  attempt('frame', () => { if (window === top) throw new Error('there is none'); top.document.title })
  // The one that nobody has taught another path.
  const Plain = Object.getPrototypeOf(WebSocket)
  const socket = new Plain('ws://' + location.host + '/api/streams')
  socket.onopen = () => say('socket: given')
  socket.onerror = () => say('socket: refused')
</script>
</body>
</html>`

const labels = { app: 'site' }
const files = { 'index.html': html, 'next.html': '<!doctype html><p>The next page', 'told.txt': 'told by the pod' }

export const webPage = {
  apiVersion: 'v1',
  kind: 'List',
  items: [
    { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'site' }, data: files },
    {
      apiVersion: 'apps/v1',
      kind: 'Deployment',
      metadata: { name: 'site' },
      spec: {
        selector: { matchLabels: labels },
        template: {
          metadata: { labels },
          spec: {
            containers: [
              { name: 'web', image: 'nginx', volumeMounts: [{ name: 'files', mountPath: '/usr/share/nginx/html' }] },
            ],
            volumes: [{ name: 'files', configMap: { name: 'site' } }],
          },
        },
      },
    },
    {
      apiVersion: 'v1',
      kind: 'Service',
      metadata: { name: 'site' },
      spec: { type: 'LoadBalancer', selector: labels, ports: [{ port: 80 }] },
    },
  ],
}
